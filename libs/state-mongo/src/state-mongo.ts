// state-mongo: one line on its job, then its laws, numbered.
// L1 Equal inputs give equal outputs.
import type {} from '@tessera/contracts';
import type {} from '@tessera/hash';
import type {} from '@tessera/codec';
import type {} from '@tessera/runtime';

/** What it gives, in which unit, and what it refuses. */
export function stateMongo(value: number): number {
  return value;
}
