// Which spaces the state of a system has: every partition of every stage.
import { TOPICS, partitionCount, type TopicId } from '@tessera/contracts';
import type { Space } from '@tessera/runtime';
import { PARTITIONS_MAX } from '@tessera/settings';
import { shippedStages } from '@tessera/testkit';

export interface StateSpace extends Space {
  /** The log that the stage reads. */
  readonly input: TopicId;
  /** Whether log time is the stamps of that log, and of nothing else. */
  readonly timedByStamps: boolean;
}

/** `partitions`: of the wide topics. */
export function stateSpaces(partitions: number): readonly StateSpace[] {
  return STAGES.flatMap(({ name, input, advance }) =>
    Array.from({ length: partitionCount(input, partitions) }, (_, partition) => {
      return { stage: name, partition, input, timedByStamps: advance === undefined };
    }),
  );
}

/** Spaces of the first stage of the flow that would be there in a system of more partitions. */
export function spacesBeyond(partitions: number): readonly Space[] {
  const wide = STAGES.filter(({ input }) => input === 'events' && TOPICS[input].partitions === 'wide');
  return wide.flatMap(({ name }) =>
    Array.from({ length: PARTITIONS_MAX - partitions }, (_, i) => ({ stage: name, partition: partitions + i })),
  );
}

/** Nothing is asked of them but what they are called and what they read. */
const STAGES = shippedStages({
  clock: 'append',
  secretOf: () => '',
  definitions: { load: () => Promise.reject(new Error('no stage runs here')) },
});
