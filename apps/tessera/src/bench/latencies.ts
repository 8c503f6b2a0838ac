// Latencies between processes of one machine, and their percentiles.
// Q1 Percentiles are by nearest rank: each is one that was measured, none is interpolated.
// Q2 Moments are of the machine's monotonic clock, which all its processes share.

/** Milliseconds, to a tenth. */
export interface Percentiles {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** Of at least one latency; throws RangeError without any. */
export function percentilesOf(latenciesMs: readonly number[]): Percentiles {
  if (latenciesMs.length === 0) throw new RangeError('there are no latencies to take percentiles of');
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (share: number): number => tenths(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number);
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1) };
}

export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
