// Change records of a log, each counted once: a process that was killed may have appended some of them twice.
import { createHash } from 'node:crypto';
import type { SegmentsChangedRecord } from '@tessera/contracts';
import type { EventLog } from '@tessera/runtime';

const READ = { records: 4_000, bytes: 4 << 20 };

/**
 * Records by profile and sequence. Throws where two of one sequence say different things: then something was applied twice.
 * Holds one short text per record.
 */
export async function distinctChanges(log: EventLog): Promise<number> {
  let count = 0;
  for (let partition = 0; partition < log.partitions('segment-changes'); partition++) {
    const seen = new Map<string, string>();
    for (let at = 0; ;) {
      const { records, nextOffset } = await log.read('segment-changes', partition, at, READ);
      if (nextOffset <= at) break;
      for (const { value } of records) note(value as SegmentsChangedRecord, seen);
      at = nextOffset;
    }
    count += seen.size;
  }
  return count;
}

function note({ profile, sequence, ...change }: SegmentsChangedRecord, seen: Map<string, string>): void {
  const name = `${profile}/${String(sequence)}`;
  const text = createHash('sha256').update(JSON.stringify(change)).digest('base64');
  const before = seen.get(name);
  if (before !== undefined && before !== text) throw new Error(`change ${name} is in the log twice, and not the same`);
  seen.set(name, text);
}
