// What min and max share: one number, chosen.
import type { ExtremePartial } from '../partial.js';
import { soonest, type Kind } from './kind.js';

export function extreme(choose: (a: number, b: number) => number): Kind<ExtremePartial> {
  return {
    merge: (a, b) => {
      const v = choose(a.v, b.v);
      const u = soonest(a, b);
      return u === undefined ? { v } : { v, u };
    },
    read: (partial) => partial?.v,
  };
}
