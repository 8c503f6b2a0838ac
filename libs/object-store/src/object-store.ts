// object-store: one line on its job, then its laws, numbered.
// L1 Equal inputs give equal outputs.
import type {} from '@tessera/runtime';

/** What it gives, in which unit, and what it refuses. */
export function objectStore(value: number): number {
  return value;
}
