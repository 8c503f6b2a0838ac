// Durations as people write them in definitions and scenarios: `24h`, `29m59.999s`, `1d12h`, `250ms`.

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/gy;
const MAX_MS = 100 * 366 * 86_400_000;

/** Milliseconds; undefined where the text is no duration, is finer than a millisecond or is longer than a century. */
export function parseDuration(text: string): number | undefined {
  PART.lastIndex = 0;
  let total = 0;
  let end = 0;
  for (let part = PART.exec(text); part; part = PART.exec(text)) {
    total += Number(part[1]) * (UNITS[part[2] as string] as number);
    end = PART.lastIndex;
  }
  const ms = Math.round(total);
  return end === text.length && end > 0 && Math.abs(total - ms) < 1e-6 && ms <= MAX_MS ? ms : undefined;
}

/** The shortest text that parseDuration reads back. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let rest = ms;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const size = UNITS[unit] as number;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${String(count)}${unit}`;
    rest -= count * size;
  }
  return text;
}
