// What must hold when a world is at rest. The names are those of the model check of the design (I1 to I8).
//   I0 nothing halted, every ledger balances
//   I6 a fresh serial fold of each log gives the live documents, to the byte, with their offsets
//   I7 what a fresh fold emits is in the log, and every record that a stage appended is one that a fresh fold emits
//   I4 a set comes into force when all sources have announced it, and at that record's log time
//   I5 per profile the sequence rises by one, entered and exited alternate, repeated records are equal
//   I1-I3 fragments, profiles of identities and memberships equal a naive recomputation from the accepted events and the set of links
import type { TopicId } from '@tessera/contracts';
import { refold, type Refold } from './refold.js';
import { checkActivation } from './check-activation.js';
import { checkChanges } from './check-changes.js';
import { checkNaively } from './check-naively.js';
import { canonicalText } from './canonical-text.js';
import { nameOf } from './sim-store.js';
import type { World } from './world.js';

/** Records that no stage emits: they come from outside, or from an owner. */
const EXTERNAL = new Set(['tracked', 'tick', 'linkRevoked', 'linkRestored', 'definitionSetApplied', 'definitionStored']);
/** Appended by jobs, whose records are in the input itself. */
const BY_JOBS = new Set(['backfilled', 'backfillCompleted', 'pathRestored']);

export function check(world: World): string[] {
  const halted = [...world.owners.values()].find((process) => process.halted !== undefined);
  if (halted)
    return [
      `I0 ${halted.name} halted: ${halted.halted instanceof Error ? (halted.halted.stack ?? halted.halted.message) : String(halted.halted)}`,
    ];
  const violations: string[] = [];
  for (const process of world.everyone) {
    const { missing } = process.ledger;
    if (process.alive && missing !== 0)
      violations.push(`I0 ledger of ${process.name}: ${String(missing)} records are unaccounted for`);
  }
  const emitted = new Map<string, Set<string>>();
  const latest = new Map<string, string>();
  for (const process of world.owners.values()) {
    const fold = refold(world, process.stage, process.partition);
    checkDocuments(world, fold, violations);
    collect(fold, emitted, latest);
  }
  checkOutputs(world, emitted, latest, violations);
  violations.push(...checkActivation(world), ...checkChanges(world), ...checkNaively(world));
  return violations;
}

function checkDocuments(world: World, fold: Refold, violations: string[]): void {
  const space = { stage: fold.stage.name, partition: fold.partition };
  const live = world.store.documents(space);
  const place = nameOf(space);
  for (const [key, { document, lastOffset }] of fold.documents) {
    const found = live.get(key);
    if (!found) violations.push(`I6 ${place}: ${key} is missing`);
    else if (!equalBytes(found.bytes, fold.stage.encode(document)))
      violations.push(`I6 ${place}: ${key} differs from a fresh fold at ${String(found.lastOffset)}`);
    else if (found.lastOffset !== lastOffset)
      violations.push(`I6 ${place}: ${key} is at ${String(found.lastOffset)}, want ${String(lastOffset)}`);
  }
  for (const key of live.keys()) if (!fold.documents.has(key)) violations.push(`I6 ${place}: ${key} should not be there`);
  const stored = world.store.partitionDocuments.get(place);
  if (stored && !equalBytes(stored.bytes, fold.stage.partitionState.encode(fold.state)))
    violations.push(`I6 ${place}: the partition document differs`);
  if (stored && stored.logTimeMs !== fold.logTimeMs)
    violations.push(`I6 ${place}: log time is ${String(stored.logTimeMs)}, want ${String(fold.logTimeMs)}`);
}

/** The graph may see documents from the future; only its last word on each key counts. */
function collect(fold: Refold, emitted: Map<string, Set<string>>, latest: Map<string, string>): void {
  for (const { topic, partition, record } of fold.outputs) {
    const place = `${topic}/${String(partition)}`;
    if (fold.stage.stepGraph) latest.set(`${place} ${identityOf(record.key, record.value)}`, canonicalText(record.value));
    else {
      let texts = emitted.get(place);
      if (!texts) emitted.set(place, (texts = new Set()));
      texts.add(`${record.key} ${canonicalText(record.value)}`);
    }
  }
}

function checkOutputs(
  world: World,
  emitted: ReadonlyMap<string, Set<string>>,
  latest: ReadonlyMap<string, string>,
  violations: string[],
): void {
  const found = new Map<string, Set<string>>();
  const lastWord = new Map<string, { version: Versioned; text: string }>();
  for (const topic of OUTPUT_TOPICS) {
    for (let partition = 0; partition < world.log.partitions(topic); partition++) {
      const place = `${topic}/${String(partition)}`;
      const texts = new Set<string>();
      found.set(place, texts);
      for (const { key, value, offset } of world.log.records(topic, partition)) {
        const kind = value?.kind ?? 'tombstone';
        if (EXTERNAL.has(kind) || BY_JOBS.has(kind)) continue;
        if (kind === 'profileAssigned' || kind === 'identityAssigned')
          remember(lastWord, `${place} ${identityOf(key, value)}`, value as unknown as Versioned);
        else {
          const text = `${key} ${canonicalText(value)}`;
          texts.add(text);
          if (!emitted.get(place)?.has(text))
            violations.push(`I7 ${place} offset ${String(offset)}: no fresh fold emits ${text.slice(0, 300)}`);
        }
      }
    }
  }
  for (const [place, texts] of emitted) {
    for (const text of texts)
      if (!found.get(place)?.has(text)) violations.push(`I7 ${place}: never appended: ${text.slice(0, 300)}`);
  }
  for (const [name, text] of latest) {
    if (lastWord.get(name)?.text !== text)
      violations.push(`I7 ${name}: the last word is ${lastWord.get(name)?.text ?? 'nothing'}, want ${text}`);
  }
}

const OUTPUT_TOPICS: readonly TopicId[] = [
  'events',
  'links',
  'fragments',
  'definitions',
  'segment-changes',
  'segment-memberships',
  'profile-features',
  'identity-assignments',
  'dead-letters',
];

interface Versioned {
  readonly generation: number;
  readonly offset: number;
  readonly index: number;
}

function remember(last: Map<string, { version: Versioned; text: string }>, name: string, value: Versioned): void {
  const held = last.get(name);
  const newer =
    !held || value.offset > held.version.offset || (value.offset === held.version.offset && value.index > held.version.index);
  if (newer) last.set(name, { version: value, text: canonicalText(value) });
}

function identityOf(key: string, value: unknown): string {
  return `${key} ${(value as { fragment?: string } | null)?.fragment ?? ''}`;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
