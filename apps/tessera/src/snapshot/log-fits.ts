// Whether a log goes on where a snapshot of state ends.
// L1 It must hold all that the state was made of, to the last record: state that is ahead of its log would take records that are yet to come
//    for known ones.
// L2 It must still hold everything from where each partition goes on: what is let go of is missing in the state for ever.
// L3 A log with other records of the same offsets is found where its stamps are later than the log time of the state; not otherwise.
import { TOPICS } from '@tessera/contracts';
import type { EventLog } from '@tessera/runtime';
import type { Snapshot, SpaceSnapshot } from '@tessera/service';
import { stateSpaces, type StateSpace } from './state-spaces.js';

/** How many records are replayed, by stage. */
export type Replayed = ReadonlyMap<string, number>;

/** Throws where it does not, and says what is to be done. */
export async function requireLogFits(log: EventLog, snapshot: Snapshot): Promise<Replayed> {
  const partitions = log.partitions('events');
  if (snapshot.partitions !== partitions)
    throw new Error(
      `the snapshot ${snapshot.id} is of a system with ${String(snapshot.partitions)} partitions, and the log has ${String(partitions)}: ` +
        'restore it beside the log that it is of',
    );
  const spaces = stateSpaces(partitions);
  const taken = new Map(snapshot.spaces.map((space) => [`${space.stage}/${String(space.partition)}`, space]));
  const replayed = new Map<string, number>();
  for (const space of spaces) {
    const place = `${space.stage}/${String(space.partition)}`;
    const left = await leftOf(log, space, taken.get(place), snapshot.id);
    replayed.set(space.stage, (replayed.get(space.stage) ?? 0) + left);
    taken.delete(place);
  }
  const [unknown] = taken.keys();
  if (unknown !== undefined)
    throw new Error(
      `the snapshot ${snapshot.id} holds ${unknown}, which this release has no stage for: use the release that took it`,
    );
  return replayed;
}

async function leftOf(
  log: EventLog,
  { stage, partition, input, timedByStamps }: StateSpace,
  taken: SpaceSnapshot | undefined,
  id: string,
): Promise<number> {
  const { nextOffset = 0, reachesTo = 0, logTimeMs = -Infinity } = taken ?? {};
  const place = `${stage}/${String(partition)}`;
  const lane = `${input}[${String(partition)}]`;
  const [start, end] = [await log.startOffset(input, partition), await log.endOffset(input, partition)];
  if (reachesTo > end)
    throw new Error(
      `${place}: the snapshot ${id} knows ${lane} to offset ${String(reachesTo)}, and the log ends at ${String(end)}: state must never be ahead ` +
        'of its log; bring the log back first, or choose an older snapshot by --id',
    );
  if (start > nextOffset && TOPICS[input].policy === 'delete')
    throw new Error(
      `${place}: the snapshot ${id} goes on at offset ${String(nextOffset)} of ${lane}, and the log begins at ${String(start)}: set TESSERA_ARCHIVE ` +
        'to the archive that holds the records between, or choose a younger snapshot by --id',
    );
  if (timedByStamps && nextOffset > start) {
    const [last] = (await log.read(input, partition, nextOffset - 1, { records: 1, bytes: 1 })).records;
    if (last?.offset === nextOffset - 1 && last.stampMs > logTimeMs)
      throw new Error(
        `${place}: the record ${String(last.offset)} of ${lane} is of ${new Date(last.stampMs).toISOString()}, later than the snapshot ${id} knows it: ` +
          'it is of another log; restore it beside its own',
      );
  }
  return end - nextOffset;
}
