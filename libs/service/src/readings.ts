// Metric sources and readings, in few words.
import type { MetricSource, Reading } from '@tessera/telemetry';

export function counter(name: string, help: string, read: MetricSource['read']): MetricSource {
  return { name, help, kind: 'counter', read };
}

export function gauge(name: string, help: string, read: MetricSource['read']): MetricSource {
  return { name, help, kind: 'gauge', read };
}

export function one(value: number | undefined, labels: Readonly<Record<string, string>> = {}): Reading {
  return { value: value ?? 0, labels };
}

export function readings(counts: ReadonlyMap<string, number> | undefined, label: string): readonly Reading[] {
  return [...(counts ?? [])].map(([name, value]) => one(value, { [label]: name }));
}

export function total(counts: ReadonlyMap<string, number> | undefined): number {
  let all = 0;
  for (const value of counts?.values() ?? []) all += value;
  return all;
}
