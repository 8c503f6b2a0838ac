// sum: the exact sum of the values, read as the double nearest to it; 0 over no events.
import { addDecimals, decimalToNumber } from '../decimal.js';
import type { SumPartial } from '../partial.js';
import { ended, type Kind } from './kind.js';

export const sum: Kind<SumPartial> = {
  merge: mergeSums,
  read: (partial) => (partial === undefined ? 0 : decimalToNumber(partial.s)),
};

export function mergeSums(a: SumPartial, b: SumPartial): SumPartial {
  return ended({ s: addDecimals(a.s, b.s), n: a.n + b.n }, a, b);
}
