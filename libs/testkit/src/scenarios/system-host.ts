// Runs the actions of scenarios on a world: calls are read as ingestion reads them, people as the services read them.
// Y1 A call that ingestion would refuse, definitions that do not compile and people who cannot be parted are ScenarioErrors.
import { identityRulesOf } from '@tessera/catalog';
import { keyOf, type LinkRevokedRecord, type SegmentsChangedRecord, type TrackedRecord } from '@tessera/contracts';
import { parseQuestion, problemText, readPerson, type ReadContent, type ReadKey } from '@tessera/decisions';
import {
  linksKeyOf,
  nodesOfPerson,
  planUnlink,
  queryGraph,
  type CompiledIdentityRules,
  type GraphDocument,
  type UnlinkPlan,
} from '@tessera/identity';
import {
  compileSet,
  readConsent,
  readFeatures,
  readMemberships,
  readTraits,
  type CompiledSet,
  type DefinitionDocument,
  type ProfileDocument,
} from '@tessera/segments';
import { parseInstant } from '@tessera/time';
import { checkTraps, Refusal, toTracked } from '@tessera/tracking';
import type { DecidedSlotAnswer, ScenarioHost, ToldChange } from './run-scenario.js';
import { ScenarioError, type PersonRef } from './scenario.js';
import { READ_STAGES, SECRET, WORKSPACE, type ScenarioWorld } from './scenario-world.js';

export class SystemHost implements ScenarioHost {
  private messages = 0;

  constructor(private readonly world: ScenarioWorld) {}

  get nowMs(): number {
    return this.world.nowMs;
  }

  advanceTo(ms: number): Promise<void> {
    return this.world.advanceTo(ms);
  }

  async apply(definitions: readonly DefinitionDocument[]): Promise<void> {
    const compiled = compileSet(WORKSPACE, 1, definitions);
    if (!compiled.ok)
      throw new ScenarioError(compiled.errors.map(({ document, message }) => `${document ?? ''}: ${message}`).join('\n'));
    await this.world.apply(definitions);
  }

  async send(calls: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    const records = calls.map((call) => this.tracked(call));
    await this.world.append(
      'events',
      records.map((value) => ({ key: keyOf(WORKSPACE, 'sender', value.sender), value })),
    );
  }

  async unlink(a: PersonRef, b: PersonRef): Promise<void> {
    const rules = this.rules();
    const load = (keys: readonly ReturnType<typeof keyOf>[]): Promise<(GraphDocument | undefined)[]> =>
      Promise.all(keys.map(async (key) => (await this.world.document('graph', key)) as GraphDocument | undefined));
    const plan = await queryGraph(WORKSPACE, load, (reader) => {
      const nodes = (person: PersonRef): readonly string[] => nodesOfPerson({ identities: {}, ...person }, rules, reader, 'all');
      return planUnlink(nodes(a), nodes(b), rules, reader);
    });
    const records = linksOf(plan).map((ends): LinkRevokedRecord => {
      return { kind: 'linkRevoked', workspace: WORKSPACE, ...ends, actor: 'scenario', note: '' };
    });
    await this.world.append(
      'links',
      records.map((value) => ({ key: linksKeyOf(WORKSPACE), value })),
    );
  }

  async profileOf(person: PersonRef): Promise<string> {
    const parsed = parseQuestion({ person, slots: ['any'] });
    if (parsed.kind === 'problem') throw new ScenarioError(problemText(parsed.problem));
    const query = {
      workspace: WORKSPACE,
      secret: SECRET,
      person: parsed.question.person,
      identityRules: this.rules(),
      segments: [],
    };
    const reading = readPerson(query);
    for (let step = reading.next(); ;) {
      if (step.done) return step.value.profile;
      step = reading.next(await Promise.all(step.value.map((key) => this.readContent(key))));
    }
  }

  async memberships(person: PersonRef): Promise<ReadonlyMap<string, boolean>> {
    const set = this.set();
    const document = await this.profileDocument(person);
    const held = new Set(document && readMemberships(document).map(({ segment }) => segment));
    return new Map(set.segments.map(({ name }) => [name, held.has(name)]));
  }

  async features(person: PersonRef): Promise<ReadonlyMap<string, unknown>> {
    const set = this.set();
    const document = await this.profileDocument(person);
    if (document) return new Map(readFeatures(document, set, []).map(({ name, value }) => [name, value ?? null]));
    return new Map([...(set.documents.get('Feature')?.keys() ?? [])].map((name) => [name, null]));
  }

  async traits(person: PersonRef, paths: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
    const document = await this.profileDocument(person);
    return document ? readTraits(document, this.set(), paths) : {};
  }

  async consent(person: PersonRef): Promise<Readonly<Record<string, boolean>>> {
    const document = await this.profileDocument(person);
    return document ? readConsent(document, this.set()) : {};
  }

  async changesOf(profile: string): Promise<readonly ToldChange[]> {
    const bySequence = new Map<number, SegmentsChangedRecord>();
    for (const { value } of await this.world.records('segment-changes')) {
      const record = value as SegmentsChangedRecord;
      if (record.profile === profile) bySequence.set(record.sequence, record);
    }
    const records = [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
    return records.flatMap(({ effective, changes }) =>
      changes.map(({ segment, kind, reason }) => ({ segment, kind, reason, atMs: parseInstant(effective ?? '') as number })),
    );
  }

  async decide(
    person: PersonRef,
    slots: readonly string[],
    context: Readonly<Record<string, unknown>>,
  ): Promise<readonly DecidedSlotAnswer[]> {
    const answer = await this.world.decide({ person, slots, context });
    return answer.slots.map(({ slot, content, status, reason, payload }) => ({
      slot,
      content,
      status,
      reason: reason?.code ?? '',
      payload,
    }));
  }

  private set(): CompiledSet {
    const set = this.world.active();
    if (!set) throw new ScenarioError('no definitions are in force: name some, or apply some first');
    return set;
  }

  private rules(): CompiledIdentityRules {
    return identityRulesOf(this.world.active());
  }

  private tracked(call: Readonly<Record<string, unknown>>): TrackedRecord {
    const checked = checkTraps(structuredClone(call));
    const record =
      checked instanceof Refusal
        ? checked
        : toTracked(checked, undefined, {
            workspace: WORKSPACE,
            source: 'scenario',
            receivedMs: this.nowMs,
            sentAtMs: undefined,
            clock: 'corrected',
            rules: this.rules(),
            context: undefined,
            integrations: undefined,
            nextId: () => `message-${String(++this.messages)}`,
          });
    if (record instanceof Refusal)
      throw new ScenarioError(`the call is refused: ${record.reason}, ${record.field}: ${record.detail}`);
    return record;
  }

  private async readContent({ kind, key }: ReadKey): Promise<ReadContent> {
    const document = (await this.world.document(READ_STAGES[kind], key)) as { readonly content: ReadContent } | undefined;
    return document?.content;
  }

  private async profileDocument(person: PersonRef): Promise<ProfileDocument | undefined> {
    const key = keyOf(WORKSPACE, 'profile', await this.profileOf(person));
    return (await this.world.document('segments', key)) as ProfileDocument | undefined;
  }
}

function linksOf(plan: UnlinkPlan): readonly { readonly a: string; readonly b: string }[] {
  switch (plan.kind) {
    case 'revoke':
      return plan.links;
    case 'indirect':
      throw new ScenarioError(`they are one person by way of others: ${plan.path.map(({ a, b }) => `${a} - ${b}`).join(', ')}`);
    case 'apart':
      throw new ScenarioError('nothing links these two');
    case 'same':
      throw new ScenarioError('these two are one and the same');
  }
}
