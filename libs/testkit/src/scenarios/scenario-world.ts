// What a scenario stands on: a system at rest whose time is moved by the scenario alone. The pure core is one, a whole system
// with virtual time is another; all that a scenario says of people is read of either through system-host.ts.
import type { DecideResponse, Key, TopicId } from '@tessera/contracts';
import type { ReadKey } from '@tessera/decisions';
import type { LogRecord, NewRecord } from '@tessera/runtime';
import type { CompiledSet, DefinitionDocument } from '@tessera/segments';

export const WORKSPACE = 'scenario';
export const SECRET = 'the secret of a workspace that scenarios run in';
export const PARTITIONS = 4;

/** Stages whose documents are the read model. */
export const READ_STAGES: Readonly<Record<ReadKey['kind'], string>> = {
  assignment: 'decisions.assignments',
  membership: 'decisions.memberships',
  features: 'decisions.features',
};

export interface ScenarioWorld {
  readonly nowMs: number;
  partitions(topic: TopicId): number;
  /** The set that every partition works with. */
  active(): CompiledSet | undefined;
  advanceTo(ms: number): Promise<void>;
  /** Compiled without errors by the caller; resolves when the set is active. */
  apply(documents: readonly DefinitionDocument[]): Promise<void>;
  /** Resolves when all that follows from these records has come to rest. */
  append(topic: TopicId, records: readonly NewRecord[]): Promise<void>;
  records(topic: TopicId): Promise<readonly LogRecord[]>;
  /** A document of a stage, or undefined where there is none. */
  document(stage: string, key: Key): Promise<unknown>;
  /** Answers a request of the decision API. */
  decide(question: unknown): Promise<DecideResponse>;
  close(): Promise<void>;
}
