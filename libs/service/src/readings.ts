// Readings of metrics, in few words.
import type { Reading } from '@tessera/telemetry';

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
