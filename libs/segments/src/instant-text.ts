// RFC 3339 texts of instants on the hot path: the same as `formatInstant`, at a fraction of its cost (0.3 us a piece, several a record).
// T1 The date is remembered for the last days that were asked for; the time of day comes from tables. What was asked before
//    never shows.
// T2 The texts of the last instants are kept: the records of one cause name one moment several times.
import { formatInstant } from '@tessera/time';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const SIZE = 64;
const days = new Float64Array(SIZE).fill(NaN);
const dates: string[] = new Array<string>(SIZE).fill('');
const MINUTES = Array.from({ length: 1440 }, (_, minute) => `T${two(Math.floor(minute / 60))}:${two(minute % 60)}:`);
const SECONDS = Array.from({ length: 60 }, (_, second) => two(second));
const MILLISECONDS = Array.from({ length: 1000 }, (_, ms) => `.${String(ms).padStart(3, '0')}Z`);

const RECENT = 16;
const instants = new Float64Array(RECENT).fill(NaN);
const texts: string[] = new Array<string>(RECENT).fill('');

export function instantText(ms: number): string {
  const at = ms & (RECENT - 1);
  if (instants[at] !== ms) {
    instants[at] = ms;
    texts[at] = textOf(ms);
  }
  return texts[at] as string;
}

function textOf(ms: number): string {
  const day = Math.floor(ms / DAY_MS);
  const at = day & (SIZE - 1);
  if (days[at] !== day) {
    days[at] = day;
    dates[at] = formatInstant(day * DAY_MS).slice(0, -14);
  }
  const ofDay = ms - day * DAY_MS;
  const minute = Math.floor(ofDay / MINUTE_MS);
  const ofMinute = ofDay - minute * MINUTE_MS;
  const second = Math.floor(ofMinute / 1000);
  return (
    (dates[at] as string) +
    (MINUTES[minute] as string) +
    (SECONDS[second] as string) +
    (MILLISECONDS[ofMinute - second * 1000] as string)
  );
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
