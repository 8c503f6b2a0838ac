// `tessera bench sizing`: measures what an event and a profile take in the logs and in the state, on the embedded adapters, and works out
// what a month of 1, 10 and 100 billion events needs.
import { TOPICS, type TopicId } from '@tessera/contracts';
import type { EventLog, StateStore } from '@tessera/runtime';
import { shippedStages } from '@tessera/testkit';
import { runPipeline } from './pipeline.js';
import { thousandths } from './parts.js';
import { ASSUMPTIONS, planFor, type Assumptions, type Plan, type UnitCosts } from './sizing.js';
import { stageSizes, topicSizes, type StageSize, type TopicSize } from './sizes.js';

export interface SizingOptions {
  readonly events: string;
  readonly definitions: string;
  readonly log: EventLog;
  readonly store: StateStore;
  /** From `bench pipeline --profile distributed`: of the whole system, and of its dearest process. */
  readonly cpuSecondsPerMillion: number;
  readonly dearestCpuSecondsPerMillion: number;
  readonly say: (text: string) => void;
}

export interface SizingFigures {
  readonly events: number;
  readonly profiles: number;
  readonly topics: Readonly<Partial<Record<TopicId, TopicSize>>>;
  readonly stages: Readonly<Record<string, StageSize>>;
  readonly costs: UnitCosts;
  readonly assumptions: Assumptions;
  readonly plans: readonly Plan[];
}

const MONTHS = [1e9, 1e10, 1e11];

export async function runSizing(options: SizingOptions): Promise<SizingFigures> {
  const { log, store, say, definitions } = options;
  const { events } = await runPipeline({
    ...{ events: options.events, definitions, log, store },
    memberships: undefined,
    whole: true,
    progress: say,
  });
  const stages = shippedStages({
    clock: 'event',
    secretOf: () => '',
    definitions: { load: () => Promise.reject(new Error('stages are named here, not run')) },
  });
  const topics = await topicSizes(log, events);
  const sizes = await stageSizes(store, log, stages);
  const profiles = sizes['segments']?.documents ?? 0;
  if (profiles === 0) throw new Error('these events have made no profile: there is nothing to size');
  const costs = costsOf(topics, sizes, { ...options, profiles });
  const plans = MONTHS.map((month) => planFor(month, costs));
  return { events, profiles, topics, stages: sizes, costs, assumptions: ASSUMPTIONS, plans };
}

export function costsOf(
  topics: SizingFigures['topics'],
  stages: SizingFigures['stages'],
  run: Pick<SizingFigures, 'profiles'> & Pick<UnitCosts, 'cpuSecondsPerMillion' | 'dearestCpuSecondsPerMillion'>,
): UnitCosts {
  const { profiles, cpuSecondsPerMillion, dearestCpuSecondsPerMillion } = run;
  const sum = (policies: readonly string[]): number =>
    (Object.entries(topics) as [TopicId, TopicSize][])
      .filter(([topic]) => policies.includes(TOPICS[topic].policy))
      .reduce((bytes, [, { bytesPerEvent }]) => bytes + bytesPerEvent, 0);
  const state = Object.values(stages).reduce((bytes, one) => bytes + one.documents * one.bytesPerDocument, 0);
  return {
    cpuSecondsPerMillion,
    dearestCpuSecondsPerMillion,
    logBytesPerEvent: thousandths(sum(['delete', 'compact'])),
    keptBytesPerEvent: thousandths(sum(['delete'])),
    stateBytesPerProfile: Math.round(state / profiles),
    compactedBytesPerProfile: Math.round(
      Object.values(topics).reduce((all, one) => all + (one.compactedBytes ?? 0), 0) / profiles,
    ),
  };
}
