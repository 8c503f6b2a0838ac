// Durations as people write them in definitions and scenarios: `24h`, `29m59.999s`, `1d12h`, `250ms`.
// D1 Each unit at most once, the largest first: `5m1h` is rather a slip than an hour and five minutes.

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];
const PATTERN = new RegExp(`^${UNITS.map(([unit]) => `(?:(\\d+(?:\\.\\d+)?)${unit})?`).join('')}$`);
const MAX_MS = 100 * 366 * 86_400_000;

/** Milliseconds; undefined where the text is no duration, is finer than a millisecond or is longer than a century. */
export function parseDuration(text: string): number | undefined {
  const counts = text === '' ? null : PATTERN.exec(text);
  if (!counts) return undefined;
  let total = 0;
  UNITS.forEach(([, ms], i) => (total += Number(counts[i + 1] ?? 0) * ms));
  const ms = Math.round(total);
  return Math.abs(total - ms) < 1e-6 && ms <= MAX_MS ? ms : undefined;
}

/** The shortest text without weeks that parseDuration reads back. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const [unit, size] of UNITS.slice(1)) {
    const count = Math.floor(rest / size);
    if (count > 0) text += `${String(count)}${unit}`;
    rest -= count * size;
  }
  return text;
}
