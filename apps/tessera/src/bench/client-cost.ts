// What the Kafka client alone costs for the bytes of the job: measured in a process of its own (bench/kafka/same-bytes.mjs), which is in
// a clone only.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { thousandths } from './parts.js';

/** CPU seconds per million events. */
export interface ClientCost {
  readonly name: string;
  /** `fragments` and `segment-changes`, their text made before: our batches over the client's connections. */
  readonly produceCpuSecondsPerMillion: number;
  /** `events` and `fragments`: the package's own consumer, bytes that nobody parses. */
  readonly consumeCpuSecondsPerMillion: number;
  readonly recordsPerEvent: number;
  readonly bytesPerEvent: number;
}

/** What the program prints. */
export interface SameBytes {
  readonly name: string;
  readonly produced: Moved;
  readonly consumed: Moved;
}

export interface Moved {
  readonly cpuSeconds: number;
  /** Records that the time was measured over. */
  readonly measured: number;
  readonly records: number;
  readonly bytes: number;
}

const PROGRAM = fileURLToPath(new URL('../../../../bench/kafka/same-bytes.mjs', import.meta.url));

export async function clientCost(brokers: string, prefix: string, partitions: number, events: number): Promise<ClientCost> {
  const child = spawn(process.execPath, ['--max-semi-space-size=64', PROGRAM, brokers, prefix, String(partitions)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${PROGRAM} ended with ${String(code)}`);
  return costOf(JSON.parse(output) as SameBytes, events);
}

/** What was measured over some of the records, for all of them, per million events. */
export function costOf({ name, produced, consumed }: SameBytes, events: number): ClientCost {
  const whole = ({ cpuSeconds, measured, records }: Moved): number =>
    measured === 0 ? 0 : thousandths((cpuSeconds / measured) * (records / events) * 1e6);
  return {
    name,
    produceCpuSecondsPerMillion: whole(produced),
    consumeCpuSecondsPerMillion: whole(consumed),
    recordsPerEvent: thousandths((produced.records + consumed.records) / events),
    bytesPerEvent: thousandths((produced.bytes + consumed.bytes) / events),
  };
}
