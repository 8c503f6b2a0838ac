// The pure core as a world for scenarios: the serial reference with the shipped stages, on one thread.
import { identityRulesOf, viewFor } from '@tessera/catalog';
import { keyOf, ownerOf, type DecideResponse, type DefinitionsRecord, type Key, type TopicId } from '@tessera/contracts';
import {
  ActivationTracker,
  decide,
  NOBODY,
  parseQuestion,
  PayloadCache,
  planOf,
  problemText,
  readPerson,
  segmentsOf,
} from '@tessera/decisions';
import type { DecisionPlan, Person, Question, ReadContent, ReadKey } from '@tessera/decisions';
import { partitionOf } from '@tessera/hash';
import type { LogRecord, NewRecord } from '@tessera/runtime';
import { compileSet, EVALUATOR_VERSION, setHash, type CompiledSet, type DefinitionDocument } from '@tessera/segments';
import { SerialWorld } from '../serial-world.js';
import { shippedStages } from '../shipped-stages.js';
import { ScenarioError } from './scenario.js';
import { PARTITIONS, READ_STAGES, SECRET, WORKSPACE, type ScenarioWorld } from './scenario-world.js';

export class CoreWorld implements ScenarioWorld {
  private readonly sets = new Map<string, CompiledSet>();
  private readonly activation: ActivationTracker;
  private readonly serial: SerialWorld;
  private readonly payloads = new PayloadCache();
  private applied = 0;
  private definitionsSeen = 0;

  constructor(startMs: number) {
    const load = (hash: string): CompiledSet => this.sets.get(hash) as CompiledSet;
    this.serial = new SerialWorld({
      stages: shippedStages({
        clock: 'append',
        secretOf: () => SECRET,
        definitions: { load: (_, hash) => Promise.resolve(load(hash)) },
      }),
      partitions: PARTITIONS,
      clock: 'append',
      startMs,
      loadDefinitions: (stage, _, hash) => viewFor(stage)(load(hash)),
    });
    this.activation = new ActivationTracker(this.serial.partitionsOf('fragments'));
  }

  get nowMs(): number {
    return this.serial.nowMs;
  }

  partitions(topic: TopicId): number {
    return this.serial.partitionsOf(topic);
  }

  active(): CompiledSet | undefined {
    const records = this.serial.records('definitions', 0);
    for (; this.definitionsSeen < records.length; this.definitionsSeen++)
      this.activation.apply((records[this.definitionsSeen] as LogRecord).value as DefinitionsRecord);
    const active = this.activation.activeSet(WORKSPACE);
    return active && this.sets.get(active.hash);
  }

  advanceTo(ms: number): Promise<void> {
    return this.serial.advanceTo(ms);
  }

  async apply(documents: readonly DefinitionDocument[]): Promise<void> {
    const hash = setHash(documents);
    if (this.active()?.hash === hash) return;
    const set = ++this.applied;
    const compiled = compileSet(WORKSPACE, set, documents);
    if (!compiled.ok) throw new ScenarioError(compiled.errors[0]?.message ?? '');
    this.sets.set(hash, compiled.set);
    const key = keyOf(WORKSPACE, 'definition', 'set', String(set));
    await this.append('definitions', [
      {
        key,
        value: {
          kind: 'definitionSetApplied',
          workspace: WORKSPACE,
          set,
          hash,
          evaluator: EVALUATOR_VERSION,
          definitions: [],
          actor: 'scenario',
          note: '',
          appliedMs: this.nowMs,
        },
      },
    ]);
    if (this.active()?.set !== set) throw new Error(`the definition set ${String(set)} did not become active`);
  }

  async append(topic: TopicId, records: readonly NewRecord[]): Promise<void> {
    const partitions = this.partitions(topic);
    for (const record of records) this.serial.append(topic, partitionOf(ownerOf(record.key), partitions), record);
    await this.serial.settle();
  }

  records(topic: TopicId): Promise<readonly LogRecord[]> {
    return Promise.resolve(this.serial.allRecords(topic));
  }

  document(stage: string, key: Key): Promise<unknown> {
    return Promise.resolve(this.serial.documentOf(stage, key));
  }

  decide(question: unknown): Promise<DecideResponse> {
    const parsed = parseQuestion(question);
    if (parsed.kind === 'problem') throw new ScenarioError(problemText(parsed.problem));
    const set = this.active();
    const plan = set && planOf(set, this.payloads);
    return Promise.resolve(
      decide({
        question: parsed.question,
        plan,
        person: plan ? this.person(parsed.question, plan) : NOBODY,
        nowMs: this.nowMs,
        deadlineMs: Infinity,
        stalenessMs: undefined,
        decisionId: 'scenario',
      }),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private person({ person, slots }: Question, plan: DecisionPlan): Person {
    const identityRules = identityRulesOf(this.active());
    const reading = readPerson({
      workspace: WORKSPACE,
      secret: SECRET,
      person,
      identityRules,
      segments: segmentsOf(plan, slots),
    });
    const content = ({ kind, key }: ReadKey): ReadContent =>
      (this.serial.documentOf(READ_STAGES[kind], key) as { readonly content: ReadContent } | undefined)?.content;
    for (let step = reading.next(); ; step = reading.next(step.value.map(content))) if (step.done) return step.value;
  }
}
