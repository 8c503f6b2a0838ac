// What a Kafka client costs: CPU seconds per million records to produce and to consume, for every candidate in one run.
//   node bench/kafka/main.mjs [--records 1000000] [--partitions 4] [--brokers host:port,...]
// Q1 Each candidate and each direction is a process of its own, so that its CPU is its own (user and system, all its threads); the time
//    counts from the first record to the last, without connecting and without warming up.
// Q2 Same broker, same records (JSON of an event, about 400 bytes), same partitions, acks of all replicas, idempotent, no compression.
// Q3 `log` rows go through the EventLog port: the records are made and encoded to JSON, or parsed. `client` is our producer below the port,
//    `library` the package as it comes: both move text or bytes that are there already, and parse nothing.
// Without --brokers a broker is started (JDK 17 and Maven) and stopped.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startKafka } from '../../tools/services/kafka/cluster.mjs';

const BOTH = ['produce', 'consume'];
const CANDIDATES = {
  'log/platformatic': BOTH,
  'log/kafkajs': BOTH,
  'client/platformatic': ['produce'],
  'library/platformatic': BOTH,
  'library/kafkajs': BOTH,
};
const PROBE = new URL('./probe.mjs', import.meta.url).pathname;

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    partitions: { type: 'string', default: '4' },
    brokers: { type: 'string' },
  },
});

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-kafka-'));
  const cluster = values.brokers === undefined ? await startKafka({ folder }) : undefined;
  const bootstrap = values.brokers ?? cluster.bootstrap;
  const rows = [];
  try {
    for (const [candidate, directions] of Object.entries(CANDIDATES)) {
      const prefix = `bench-${candidate.replace('/', '-')}-${process.pid}`;
      for (const direction of directions) {
        const row = await probe([candidate, direction, bootstrap, prefix, values.records, values.partitions]);
        rows.push(row);
        process.stdout.write(`${JSON.stringify(row)}\n`);
      }
    }
  } finally {
    await cluster?.destroy({ all: true });
    rmSync(folder, { recursive: true, force: true });
  }
  print(rows);
}

function probe(commandLine) {
  const child = spawn(process.execPath, ['--max-semi-space-size=64', PROBE, ...commandLine], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output));
      else reject(new Error(`${commandLine.slice(0, 2).join(' ')} ended with ${code}`));
    });
  });
}

function print(rows) {
  const of = (candidate, direction) => rows.find((row) => row.candidate === candidate && row.direction === direction);
  process.stdout.write(
    '\n| candidate | produce, CPU s per million | records/s | consume, CPU s per million | records/s |\n|---|---|---|---|---|\n',
  );
  for (const candidate of Object.keys(CANDIDATES)) {
    const cells = BOTH.flatMap((direction) => {
      const row = of(candidate, direction);
      if (row === undefined) return ['', ''];
      const { cpuSecondsPerMillion, recordsPerSecond } = row;
      return [cpuSecondsPerMillion.toFixed(2), String(Math.round(recordsPerSecond))];
    });
    process.stdout.write(`| ${candidate} | ${cells.join(' | ')} |\n`);
  }
}

await main();
