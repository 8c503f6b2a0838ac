// What the pipeline benchmark is made of, whichever adapters it runs on: definitions in, the end of time, figures of the logs.
import { keyOf } from '@tessera/contracts';
import type { EventLog } from '@tessera/runtime';
import { compileSet, formatError, parseDefinitions, type DefinitionDocument } from '@tessera/segments';
import { readFiles } from '../verbs/definition-files.js';

export const WORKSPACE = 'default';
const SAMPLE = 100;

/** The line that the benchmark prints. */
export interface PipelineFigures {
  readonly events: number;
  readonly seconds: number;
  readonly eventsPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly peakRssBytes: number;
  readonly fragmentBytesPerEvent: number;
  readonly linksPerEvent: number;
  readonly changes: number;
  readonly membershipHash: string;
}

/** All documents of a folder (or a file), compiled once to say what is wrong with its place. */
export function readDefinitions(path: string): readonly DefinitionDocument[] {
  const parsed = readFiles([path]).map(({ name, text }) => parseDefinitions(text, name));
  const documents = parsed.flatMap((one) => one.documents);
  const compiled = compileSet(WORKSPACE, 1, documents);
  const errors = [...parsed.flatMap((one) => one.errors), ...(compiled.ok ? [] : compiled.errors)];
  if (errors.length > 0) throw new Error(errors.map(formatError).join('\n'));
  return documents;
}

/** One closing tick per partition: every timer up to the last event's time fires, and the derived logs follow. */
export async function closeInputs(log: EventLog, lastMs: number): Promise<void> {
  const key = keyOf('', 'workspace', 'tick');
  const value = { kind: 'tick', closing: true, source: -1, effectiveMs: 0 } as const;
  for (const topic of ['events', 'links'] as const) {
    for (let partition = 0; partition < log.partitions(topic); partition++)
      await log.append(topic, partition, [{ key, value, timeMs: lastMs }]);
  }
}

/** Size of the records of `fragments` as JSON, from a sample of one in a hundred read batches: what another log would carry. */
export async function fragmentBytes(log: EventLog): Promise<number> {
  let records = 0;
  let sampled = 0;
  let bytes = 0;
  for (let partition = 0; partition < log.partitions('fragments'); partition++) {
    const end = await log.endOffset('fragments', partition);
    records += end;
    for (let at = 0; at < end; at += 100 * SAMPLE) {
      const batch = await log.read('fragments', partition, at, { records: SAMPLE, bytes: 1 << 20 });
      for (const { key, value } of batch.records) bytes += key.length + JSON.stringify(value).length;
      sampled += batch.records.length;
    }
  }
  return sampled === 0 ? 0 : (bytes / sampled) * records;
}

/** Records that a topic has taken so far. */
export async function recordsIn(log: EventLog, topic: 'links' | 'fragments' | 'segment-changes'): Promise<number> {
  let sum = 0;
  for (let partition = 0; partition < log.partitions(topic); partition++) sum += await log.endOffset(topic, partition);
  return sum;
}

/** CPU seconds per event are microseconds: per million events, seconds. */
export function perMillion(cpuSeconds: number, events: number): number {
  return thousandths((cpuSeconds * 1e6) / events);
}

/** Three decimals. */
export function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
