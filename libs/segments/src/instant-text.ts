// RFC 3339 texts of instants on the hot path: the same as `formatInstant`, at a fraction of its cost (0.3 us a piece, several a record).
// T1 The part up to the minute is remembered for the last minutes that were asked for; seconds and milliseconds come from
//    tables. What was asked before never shows.
import { formatInstant } from '@tessera/time';

const MINUTE_MS = 60_000;
const SIZE = 256;
const minutes = new Float64Array(SIZE).fill(NaN);
const prefixes: string[] = new Array<string>(SIZE).fill('');
const SECONDS = Array.from({ length: 60 }, (_, second) => String(second).padStart(2, '0'));
const MILLISECONDS = Array.from({ length: 1000 }, (_, ms) => `.${String(ms).padStart(3, '0')}Z`);

export function instantText(ms: number): string {
  const minute = Math.floor(ms / MINUTE_MS);
  const at = minute & (SIZE - 1);
  if (minutes[at] !== minute) {
    minutes[at] = minute;
    prefixes[at] = formatInstant(minute * MINUTE_MS).slice(0, -7);
  }
  const rest = ms - minute * MINUTE_MS;
  const second = Math.floor(rest / 1000);
  return (prefixes[at] as string) + (SECONDS[second] as string) + (MILLISECONDS[rest - second * 1000] as string);
}
