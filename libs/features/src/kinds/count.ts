// count: how many events there are; 0 over none.
import type { CountPartial } from '../partial.js';
import { ended, type Kind } from './kind.js';

export const count: Kind<CountPartial> = {
  merge: (a, b) => ended({ n: a.n + b.n }, a, b),
  read: (partial) => (partial === undefined ? 0 : partial.n),
};
