// sum: the exact sum of the values, read as the double nearest to it; 0 over no events.
import { addDecimals, decimalToNumber } from '../decimal.js';
import type { SumPartial } from '../partial.js';
import { soonest, type Kind } from './kind.js';

export const sum: Kind<SumPartial> = {
  merge: mergeSums,
  read: (partial) => (partial === undefined ? 0 : decimalToNumber(partial.s)),
};

export function mergeSums(a: SumPartial, b: SumPartial): SumPartial {
  const s = addDecimals(a.s, b.s);
  const n = a.n + b.n;
  const u = soonest(a, b);
  return u === undefined ? { s, n } : { s, n, u };
}
