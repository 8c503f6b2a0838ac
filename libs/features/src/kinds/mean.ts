// mean: the exact sum divided by the number of values, rounded once: the mean of 0.1, 0.2 and 0.3 is 0.2.
import { quotientOf } from '../decimal.js';
import type { SumPartial } from '../partial.js';
import type { Kind } from './kind.js';
import { mergeSums } from './sum.js';

export const mean: Kind<SumPartial> = {
  merge: mergeSums,
  read: (partial) => (partial === undefined || partial.n === 0 ? undefined : quotientOf(partial.s, partial.n)),
};
