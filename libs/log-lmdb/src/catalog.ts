// What is fixed when a log is created: its clock, its partition count, the numbers of its topics.
// C1 A log opened with another clock or partition count is refused, never reinterpreted.
// C2 A topic keeps its number for ever; a topic of a later release gets the next one.
import { TOPIC_IDS } from '@tessera/contracts';
import type { TopicId } from '@tessera/contracts';
import type { LogClock } from '@tessera/runtime';
import type { LmdbEnvironment } from '@tessera/lmdb-environment';

export interface Catalog {
  readonly form: 1;
  readonly clock: LogClock;
  /** Partitions of the wide topics. */
  readonly partitions: number;
  readonly topics: Readonly<Partial<Record<TopicId, number>>>;
}

const CATALOG = 'catalog';
const PARTITIONS_MAX = 0xffff;

/** The stored catalog; written first where the log is new. */
export async function openCatalog(environment: LmdbEnvironment, clock: LogClock, partitions: number): Promise<Catalog> {
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > PARTITIONS_MAX) {
    throw new RangeError(`a log has 1 to ${String(PARTITIONS_MAX)} partitions, not ${String(partitions)}`);
  }
  const stored = environment.readMeta<Catalog>(CATALOG);
  if (stored !== undefined) refuseOther(stored, environment.folder, clock, partitions);
  const topics = { ...stored?.topics };
  for (const topic of TOPIC_IDS) topics[topic] ??= Object.keys(topics).length;
  const catalog: Catalog = { form: 1, clock, partitions, topics };
  if (Object.keys(stored?.topics ?? {}).length < TOPIC_IDS.length) {
    await environment.write(() => {
      environment.putMeta(CATALOG, catalog);
    });
  }
  return catalog;
}

function refuseOther(stored: Catalog, folder: string, clock: LogClock, partitions: number): void {
  if (stored.clock !== clock) {
    throw new Error(`the log in ${folder} was created with the clock '${stored.clock}' and cannot be opened with '${clock}'`);
  }
  if (stored.partitions !== partitions) {
    throw new Error(
      `the log in ${folder} was created with ${String(stored.partitions)} partitions and cannot be opened with ${String(partitions)}: ` +
        'a record would be sought in the wrong one',
    );
  }
}
