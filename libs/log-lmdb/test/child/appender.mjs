// Appends to the log in the folder it is given until it is killed or told to stop, and says what was acknowledged, one line each.
import { writeSync } from 'node:fs';
import { LmdbEventLog } from '@tessera/log-lmdb';

const [folder, payload = '10'] = process.argv.slice(2);
const say = (line) => writeSync(1, `${line}\n`);

try {
  const log = await LmdbEventLog.open({ folder, clock: 'append', partitions: 2, nowMs: () => Date.now() });
  say('open');
  for (let round = 0; ; round++) {
    const appends = Array.from({ length: 8 }, async (_, i) => {
      const partition = i % 2;
      const id = `${round}.${i}`;
      const value = { kind: 'auditRecorded', subject: id, recorded: 'x'.repeat(Number(payload)) };
      const records = Array.from({ length: 1 + (round % 50) }, () => ({ key: `w/workspace/${id}`, value }));
      const { firstOffset } = await log.append('events', partition, records);
      say(`${partition} ${firstOffset} ${records.length} ${id}`);
    });
    await Promise.all(appends);
  }
} catch (error) {
  say(`error ${error.name}: ${error.message}`);
  process.exitCode = 3;
}
