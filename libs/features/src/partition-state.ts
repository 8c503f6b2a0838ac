// Which definition sets a features partition works with, per workspace.
// P1 `current` is the last one published. `base` is the last one that was complete before it: its states go on, so that its
//    segments stay right until the new set is active.
// P2 A set that needs nothing of the past is ready at its own record; else when the last record of its backfill is stepped.
// P3 A set published while another is still being prepared takes its place; the former's backfill is stale.
import { Reader, Writer } from '@tessera/codec';
import {
  keyOf,
  type BackfillCompletedRecord,
  type DefinitionsPublishedRecord,
  type DefinitionsReadyRecord,
} from '@tessera/contracts';
import {
  APPLIED,
  type DefinitionName,
  type LogRecord,
  type Outcome,
  type PartitionCodec,
  type StepContext,
} from '@tessera/runtime';
import { statesToBackfill, type ExecutablePlan } from './compile-plan.js';
import type { FeaturePlan } from './plan.js';

export interface NamedSet {
  readonly set: number;
  readonly hash: string;
}

export interface CurrentSet extends NamedSet {
  /** Offset of the record that published it: the past ends before it. */
  readonly publishedAt: number;
  completed: boolean;
}

export interface WorkspacePlans {
  base: NamedSet | undefined;
  current: CurrentSet | undefined;
  /** Compiled from both; no part of the state. */
  executable: ExecutablePlan | undefined;
}

export interface FeaturesPartitionState {
  readonly workspaces: Map<string, WorkspacePlans>;
}

export interface PendingBackfill extends CurrentSet {
  readonly workspace: string;
  readonly plan: FeaturePlan;
  /** Ids of the states to fold. */
  readonly states: ReadonlySet<string>;
}

type Context = StepContext<FeaturePlan, FeaturesPartitionState>;

export const featuresPartitionState: PartitionCodec<FeaturesPartitionState> = {
  create: () => ({ workspaces: new Map() }),
  encode(state) {
    const writer = new Writer();
    writer.byte(1);
    const names = [...state.workspaces.keys()].sort();
    writer.uint(names.length);
    for (const name of names) {
      const { base, current } = state.workspaces.get(name) as WorkspacePlans;
      writer.string(name);
      writer.json([
        base ? [base.set, base.hash] : null,
        current ? [current.set, current.hash, current.publishedAt, current.completed] : null,
      ]);
    }
    return writer.take();
  },
  decode(bytes) {
    const reader = new Reader(bytes);
    if (reader.byte() !== 1)
      throw new RangeError('the partition document of features has a codec version that this release does not read');
    const workspaces = new Map<string, WorkspacePlans>();
    for (let left = reader.uint(); left > 0; left--) {
      const name = reader.string();
      const [base, current] = reader.json() as [[number, string] | null, [number, string, number, boolean] | null];
      workspaces.set(name, {
        base: base ? { set: base[0], hash: base[1] } : undefined,
        current: current ? { set: current[0], hash: current[1], publishedAt: current[2], completed: current[3] } : undefined,
        executable: undefined,
      });
    }
    return { workspaces };
  },
};

export function publish(published: DefinitionsPublishedRecord, record: LogRecord, context: Context): Outcome {
  const { workspace, set, hash } = published;
  const plans = context.state.workspaces.get(workspace) ?? { base: undefined, current: undefined, executable: undefined };
  if (plans.current && plans.current.set >= set) return { kind: 'drop', reason: 'set-already-seen' };
  if (plans.current?.completed) plans.base = { set: plans.current.set, hash: plans.current.hash };
  plans.current = { set, hash, publishedAt: record.offset, completed: false };
  plans.executable = undefined;
  context.state.workspaces.set(workspace, plans);
  const base = plans.base && context.definitions(workspace, plans.base.hash);
  if (statesToBackfill(context.definitions(workspace, hash), base).size === 0) ready(workspace, plans.current, context);
  return APPLIED;
}

export function complete(completed: BackfillCompletedRecord, context: Context): Outcome {
  const current = context.state.workspaces.get(completed.workspace)?.current;
  if (current?.set !== completed.set || current.completed) return { kind: 'drop', reason: 'stale-basis' };
  ready(completed.workspace, current, context);
  return APPLIED;
}

export function definitionsInForce(state: FeaturesPartitionState): readonly DefinitionName[] {
  return [...state.workspaces].flatMap(([workspace, { base, current }]) =>
    [base, current].flatMap((named) => (named ? [{ workspace, hash: named.hash }] : [])),
  );
}

/** Backfills that are owed, at this record or after a restart. */
export function pendingBackfills(
  state: FeaturesPartitionState,
  definitions: (workspace: string, hash: string) => FeaturePlan,
): readonly PendingBackfill[] {
  return [...state.workspaces].flatMap(([workspace, { base, current }]) => {
    if (!current || current.completed) return [];
    const plan = definitions(workspace, current.hash);
    const states = statesToBackfill(plan, base && definitions(workspace, base.hash));
    return [{ ...current, workspace, plan, states }];
  });
}

/** Tells every partition of `fragments` that this partition has the values of a set. */
function ready(workspace: string, current: CurrentSet, context: Context): void {
  current.completed = true;
  const key = keyOf(workspace, 'workspace', workspace);
  const value: DefinitionsReadyRecord = {
    kind: 'definitionsReady',
    workspace,
    set: current.set,
    hash: current.hash,
    source: context.partition,
    effectiveMs: context.logTimeMs,
  };
  for (let partition = 0; partition < context.partitions('fragments'); partition++)
    context.emit('fragments', partition, { key, value, timeMs: context.logTimeMs });
}
