// Planted bugs: each breaks one rule of the design in the compiled code that ships, and the simulator has to find it.
// A text is looked for in the built file and must be there exactly once (load-mutant.mjs). `seeds` is where the search goes:
// the first thousand where it is absent; for a rare one a first seed and a number of seeds within it (mutants.test.ts).
const runtime = (file) => `libs/runtime/dist/${file}.js`;
const features = (file) => `libs/features/dist/${file}.js`;
const segments = (file) => `libs/segments/dist/${file}.js`;
const identity = (file) => `libs/identity/dist/${file}.js`;

/** @type {readonly import('./mutants.mjs').Mutant[]} */
export const MUTANTS = [
  // Order of effects.
  {
    name: 'position-first',
    rule: 'the partition document is written after all documents of the checkpoint (K2)',
    edits: [
      {
        file: runtime('checkpointer'),
        find: 'for (let at = 0; at < documents.length; at += limits.writeDocuments) {',
        replace:
          'await store.writePartition(space, partition);\nfor (let at = 0; at < documents.length; at += limits.writeDocuments) {',
      },
      {
        file: runtime('checkpointer'),
        find: 'documents.length;\n        await store.writePartition(space, partition);',
        replace: 'documents.length;',
      },
    ],
  },
  {
    name: 'write-before-acknowledgement',
    rule: 'no document is written before every output it has caused is acknowledged (L1)',
    edits: [{ file: runtime('checkpointer'), find: 'await this.outbox.drained();', replace: 'this.outbox.send();' }],
  },
  {
    name: 'replay-not-checked',
    rule: "a record at or below a document's lastOffset changes nothing (L3)",
    edits: [{ file: runtime('partition-run'), find: 'if (entry.lastOffset >= record.offset) {', replace: 'if (false) {' }],
  },
  {
    name: 'documents-carry-the-position',
    rule: 'a write is guarded by the last record that the document itself has seen',
    edits: [
      { file: runtime('checkpointer'), find: 'lastOffset: entry.lastOffset,', replace: 'lastOffset: this.writtenOffset - 1,' },
    ],
  },
  {
    name: 'position-passes-due-timers',
    rule: 'no partition document passes an offset with due timers outstanding (L2)',
    edits: [
      {
        file: runtime('partition-run'),
        find: 'async checkpoint() {\n        while (this.timers.nearestMs <= this.logTimeMs)',
        replace: 'async checkpoint() {\n        while (false)',
      },
    ],
  },
  {
    name: 'failed-append-forgotten',
    rule: 'nothing goes on behind a failed append (O1)',
    edits: [{ file: runtime('outbox'), find: 'this.failure ??= error;', replace: 'this.outstanding -= records.length;' }],
  },
  {
    name: 'failed-write-unseen',
    rule: 'a failed checkpoint ends the incarnation, also when nothing more is read (L6)',
    edits: [
      {
        file: runtime('partition-run'),
        find: 'await this.checkpointer.settled();\n        if (this.woken || this.stopping.aborted)',
        replace: 'if (this.woken || this.stopping.aborted)',
      },
    ],
  },
  {
    name: 'document-dropped-while-written',
    rule: 'a document whose write is not acknowledged stays in memory (D1)',
    edits: [{ file: runtime('document-cache'), find: 'if (entry.dirty || entry.flushing > 0)', replace: 'if (entry.dirty)' }],
  },

  // Versions and duplicates.
  {
    name: 'versions-not-compared',
    rule: 'a reader drops what is not newer than the last version of its key',
    edits: [
      {
        file: segments('segments-stage'),
        find: 'changed(document, record, ownTimeMs) {\n        const present = findFragment(document, record.fragment);\n        if (present !== undefined ? compareVersions(record, present) <= 0 : this.hasLeft(document, record))',
        replace: 'changed(document, record, ownTimeMs) {\n        if (false)',
      },
    ],
  },
  {
    name: 'messages-not-deduplicated',
    rule: 'a message id counts once',
    edits: [
      {
        file: features('features-stage'),
        find: 'if (isDuplicate(document, event.messageHash, context.logTimeMs))',
        replace: 'if (false)',
      },
    ],
  },
  {
    name: 'version-by-emission',
    rule: 'a version is its cause, not a count of what was emitted (design check F4)',
    edits: [
      {
        file: runtime('step-contexts'),
        find: 'context.offset = cause.offset;',
        replace: 'context.offset = this.calls = (this.calls ?? 0) + 1;',
      },
    ],
  },
  {
    name: 'index-never-restarts',
    rule: 'the index of a version restarts with each document and cause (X1)',
    edits: [
      {
        file: runtime('step-contexts'),
        find: 'if (this.key !== key || context.offset !== cause.offset) {',
        replace: 'if (false) {',
      },
    ],
  },
  {
    name: 'sequence-by-emission',
    rule: 'a sequence is counted in the document (design check F4)',
    edits: [
      {
        file: segments('profile-outputs'),
        find: 'document.sequence += 1;',
        replace:
          'const counts = ((this.counts ??= new WeakMap()).get(context.state) ?? this.counts.set(context.state, new Map()).get(context.state));\n' +
          'document.sequence = (counts.get(document.key) ?? 0) + 1;\ncounts.set(document.key, document.sequence);',
      },
    ],
  },
  {
    name: 'departed-version-forgotten',
    rule: 'what left leaves its version behind (design check F5)',
    edits: [
      {
        file: segments('segments-stage'),
        find: '.set(this.nameOf(document, record.fragment), { generation, offset, index });',
        replace: ';',
      },
    ],
  },
  {
    name: 'empty-profile-deleted',
    rule: 'deleting writes a tombstone that keeps sequence and versions (design check F5)',
    edits: [
      {
        file: segments('profile-steps'),
        find: 'document.set = 0;',
        replace: 'document.set = 0;\ndocument.sequence = 0;\ndocument.departed = undefined;',
      },
    ],
  },
  {
    name: 'random-profile-ids',
    rule: 'no stage draws a random number',
    edits: [
      {
        file: features('features-stage'),
        find: 'fragment.profile = profileId(secretOf(workspace), nodeOfFragment(sender, fragment.id));',
        replace: "fragment.profile = 'p_' + Math.random().toString(36).slice(2);",
      },
    ],
  },

  // One document per step.
  {
    name: 'spells-in-another-document',
    rule: 'a step changes one document and reads no other (design check F1)',
    edits: [
      {
        file: features('features-stage'),
        find: 'placeEvent(document.spells,',
        replace:
          'placeEvent(context.state.spells.get(document.sender) ?? context.state.spells.set(document.sender, { known: [] }).get(document.sender),',
      },
      {
        file: features('partition-state'),
        find: 'create: () => ({ workspaces: new Map() }),',
        replace: 'create: () => ({ workspaces: new Map(), spells: new Map() }),',
      },
      {
        file: features('partition-state'),
        find: "import { Reader, Writer } from '@tessera/codec';",
        replace: "import { Reader, Writer } from '@tessera/codec';\nimport { readSpells, writeSpells } from '@tessera/identity';",
      },
      {
        file: features('partition-state'),
        find: 'const names = [...state.workspaces.keys()].sort();',
        replace:
          'const senders = [...state.spells.keys()].sort();\nwriter.uint(senders.length);\n' +
          'for (const sender of senders) { writer.string(sender); writeSpells(writer, state.spells.get(sender)); }\n' +
          'const names = [...state.workspaces.keys()].sort();',
      },
      {
        file: features('partition-state'),
        find: 'const workspaces = new Map();',
        replace:
          'const spells = new Map();\nfor (let left = reader.uint(); left > 0; left--) spells.set(reader.string(), readSpells(reader));\nconst workspaces = new Map();',
      },
      { file: features('partition-state'), find: 'return { workspaces };', replace: 'return { workspaces, spells };' },
    ],
  },
  {
    name: 'duplicates-not-placed',
    rule: 'identity and features place the same records, duplicates included (P1)',
    edits: [
      {
        file: features('features-stage'),
        find:
          'const placement = placeEvent(document.spells, event, ownTimeMs, context.logTimeMs);\n' +
          '    if (isDuplicate(document, event.messageHash, context.logTimeMs))\n        return DUPLICATE;',
        replace:
          'if (isDuplicate(document, event.messageHash, context.logTimeMs))\n        return DUPLICATE;\n' +
          '    const placement = placeEvent(document.spells, event, ownTimeMs, context.logTimeMs);',
      },
    ],
  },

  // Time.
  {
    name: 'log-time-goes-back',
    rule: 'log time is the highest stamp, not the last one',
    edits: [
      { file: runtime('partition-run'), find: ': Math.max(this.logTimeMs, record.stampMs);', replace: ': record.stampMs;' },
      { file: runtime('partition-run'), find: 'if (time > this.logTimeMs) {', replace: 'if (time !== this.logTimeMs) {' },
    ],
  },
  {
    name: 'log-time-forgotten',
    rule: 'log time is stored with the offset',
    edits: [
      {
        file: runtime('partition-run'),
        find: 'this.logTimeMs = stored?.logTimeMs ?? -Infinity;',
        replace: 'this.logTimeMs = -Infinity;',
      },
    ],
  },
  {
    name: 'one-tick-only',
    rule: 'a tick whose stamp is below the due time is followed by another (design check F8)',
    edits: [
      {
        file: runtime('partition-run'),
        find: 'if (tickInMs <= 0)',
        replace:
          'if (tickInMs <= 0 && this.tickedDue === this.timers.nearestMs) return this.pause(Infinity);\n' +
          'if (tickInMs <= 0) this.tickedDue = this.timers.nearestMs;\nif (tickInMs <= 0)',
      },
    ],
  },
  {
    name: 'timers-forgotten',
    rule: 'timers survive a restart',
    edits: [{ file: runtime('partition-run'), find: 'if (dueMs !== Infinity)', replace: 'if (false)' }],
  },
  {
    name: 'marks-ignored',
    rule: 'a timer belongs to the first record whose log time reached it (L4)',
    edits: [
      {
        file: runtime('partition-run'),
        find: 'const cause = this.markOf(due) ?? last;',
        replace: 'const cause = last ?? this.marks.at(-1);',
      },
    ],
  },
  {
    name: 'own-timers-after-the-record',
    rule: "a document's due timers fire before its record (L4)",
    edits: [{ file: runtime('partition-run'), find: 'if (entry.dueMs <= ownTime)', replace: 'if (false)' }],
  },
  {
    name: 'control-does-not-wait',
    rule: 'a control record waits until no timer is due',
    edits: [
      {
        file: runtime('partition-run'),
        find: 'const { stage, ledger } = this.options;\n        while (this.timers.nearestMs <= this.logTimeMs)',
        replace: 'const { stage, ledger } = this.options;\n        while (false)',
      },
    ],
  },
  {
    name: 'batch-coalesced',
    rule: 'nothing depends on where a batch ends (L5; design check F3)',
    edits: [
      {
        file: runtime('outbox'),
        find: 'target.waiting.push(record);',
        replace:
          "const same = target.waiting.findIndex(({ key, value }) => key === record.key && value?.kind === 'fragmentChanged' && value.fragment === record.value?.fragment);\n" +
          'if (same >= 0) { target.waiting[same] = record; return; }\ntarget.waiting.push(record);',
      },
    ],
  },

  // Definitions and backfill.
  {
    name: 'definitions-from-the-side',
    rule: 'definitions are those that the records name (design check F7)',
    edits: [
      {
        file: runtime('step-contexts'),
        find: 'this.compiled.set(hash, definitions);',
        replace: 'this.compiled.set(hash, definitions);\nthis.options.stage.latest = definitions;',
      },
      {
        file: runtime('step-contexts'),
        find: 'const found = this.compiled.get(hash);',
        replace: 'const found = this.options.stage.latest;',
      },
    ],
  },
  {
    name: 'ready-before-the-backfill',
    rule: 'a set is ready when the last record of its backfill is stepped (design check F7)',
    edits: [
      {
        file: features('partition-state'),
        find: 'if (statesToBackfill(context.definitions(workspace, hash), base).size === 0)',
        replace: 'if (true)',
      },
    ],
  },
  {
    name: 'backfill-merged-twice',
    rule: 'a backfill that is already merged is ignored',
    edits: [
      { file: features('features-stage'), find: 'if (document.backfilledSet >= record.set)', replace: 'if (false)' },
      { file: features('features-stage'), find: '!== record.set || plans.current.completed)', replace: '!== record.set)' },
    ],
  },
  {
    name: 'backfill-reads-on',
    rule: 'past and live meet at the publishing record (B2)',
    edits: [
      {
        file: features('backfill'),
        find: "history.read('events', history.partition, 0, publishedAt)",
        replace: "history.read('events', history.partition, 0, await history.endOffset('events', history.partition))",
      },
    ],
  },
  {
    name: 'stale-backfill-accepted',
    rule: "a job's record of another basis is stale",
    edits: [
      {
        file: features('features-stage'),
        find: 'if (plans?.current?.set !== record.set || plans.current.completed)',
        replace: 'if (false)',
      },
    ],
  },
  {
    name: 'activation-before-all-sources',
    rule: 'a set is active once all sources have announced it (A1)',
    edits: [{ file: segments('activation'), find: 'if (readiness.sources.size < sources)', replace: 'if (false)' }],
  },

  // The graph.
  {
    name: 'graph-silent-on-defaults',
    rule: 'no answer is left out because it equals the default one (design check F6)',
    edits: [
      {
        file: identity('assignments'),
        find: 'assignFragment(answers, sender, fragment, profile, context);',
        replace: 'if (profile !== profileId(answers.secret, text)) assignFragment(answers, sender, fragment, profile, context);',
      },
    ],
  },
  {
    name: 'graph-sends-differences',
    rule: 'every record answers for all nodes it touched, not for those that differ (design check F6)',
    edits: [
      {
        file: identity('graph-stage'),
        find: 'nodes: answering, componentOf,',
        replace:
          'nodes: [...answering].filter((node) => (neighbourhoodOf(before, touched, rules).componentOf.get(node)?.strongest ?? node) !== (componentOf.get(node)?.strongest ?? node)), componentOf,',
      },
    ],
  },
  {
    name: 'evidence-first-seen',
    rule: 'the graph is a function of the set of links: the earliest evidence counts, not the first seen',
    edits: [
      {
        file: identity('graph-documents'),
        find: 'if (present !== undefined && compareEvidence(present, evidence) <= 0)',
        replace: 'if (present !== undefined)',
      },
    ],
  },
];
