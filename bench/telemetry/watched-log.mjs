// What it costs that the log is watched, without an exporter of traces: nanoseconds of CPU per append and read of a batch, bare and watched.
//   node bench/telemetry/watched-log.mjs [CALLS]
// The log below does nothing, so that nothing hides the difference.
import { createTelemetry, readTraceConfig } from '@tessera/telemetry';

const CALLS = Number(process.argv[2] ?? 200_000);
const SIZES = [1, 100, 4_000];
const telemetry = createTelemetry({ traces: readTraceConfig({}, 'bench'), logSystem: 'tessera', storeSystem: 'lmdb' });

const found = {};
for (const size of SIZES) {
  const records = Array.from({ length: size }, (_, offset) => ({ offset, stampMs: 0, key: 'main/sender/a', value: null }));
  const log = logOf(records);
  const calls = Math.max(2_000, Math.round(CALLS / size));
  const watched = telemetry.log(log);
  let [bareNs, watchedNs] = [Infinity, Infinity];
  for (let round = 0; round < 5; round++) {
    bareNs = Math.min(bareNs, await nanosecondsOf(log, records, calls));
    watchedNs = Math.min(watchedNs, await nanosecondsOf(watched, records, calls));
  }
  const perRecordNs = Math.round((10 * (watchedNs - bareNs)) / size) / 10;
  found[size] = { bareNs: Math.round(bareNs), watchedNs: Math.round(watchedNs), perRecordNs };
}
await telemetry.close();
process.stdout.write(`${JSON.stringify({ 'records per batch': found }, undefined, 2)}\n`);

function logOf(records) {
  return {
    clock: 'append',
    append: () => Promise.resolve({ firstOffset: 0 }),
    read: () => Promise.resolve({ records, nextOffset: records.length }),
  };
}

async function nanosecondsOf(log, records, calls) {
  const began = process.cpuUsage();
  for (let i = 0; i < calls; i++) {
    await log.append('events', 0, records);
    await log.read('events', 0, 0, { records: 4_000, bytes: 1e6 });
  }
  const { user, system } = process.cpuUsage(began);
  return ((user + system) * 1_000) / calls;
}
