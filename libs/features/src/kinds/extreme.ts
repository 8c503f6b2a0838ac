// What min and max share: one number, chosen.
import type { ExtremePartial } from '../partial.js';
import { ended, type Kind } from './kind.js';

export function extreme(choose: (a: number, b: number) => number): Kind<ExtremePartial> {
  return {
    merge: (a, b) => ended({ v: choose(a.v, b.v) }, a, b),
    read: (partial) => partial?.v,
  };
}
