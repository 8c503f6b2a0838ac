// count: how many events there are; 0 over none.
import type { CountPartial } from '../partial.js';
import { soonest, type Kind } from './kind.js';

export const count: Kind<CountPartial> = {
  merge: (a, b) => {
    const n = a.n + b.n;
    const u = soonest(a, b);
    return u === undefined ? { n } : { n, u };
  },
  read: (partial) => (partial === undefined ? 0 : partial.n),
};
