// RFC 3339 texts of instants, remembered: one moment is written several times (effective, evaluated, entered at, memberships).
// T1 A memo and nothing else: the text is that of `formatInstant`, whatever was asked before.
import { formatInstant } from '@tessera/time';

const SIZE = 256;
const moments = new Float64Array(SIZE).fill(NaN);
const texts: string[] = new Array<string>(SIZE).fill('');

export function instantText(ms: number): string {
  const at = Math.abs(ms) % SIZE;
  if (moments[at] === ms) return texts[at] as string;
  const text = formatInstant(ms);
  moments[at] = ms;
  texts[at] = text;
  return text;
}
