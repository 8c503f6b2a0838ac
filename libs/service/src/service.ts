// service: one line on its job, then its laws, numbered.
// L1 Equal inputs give equal outputs.
import type {} from '@tessera/contracts';
import type {} from '@tessera/runtime';
import type {} from '@tessera/telemetry';
import type {} from '@tessera/nest';

/** What it gives, in which unit, and what it refuses. */
export function service(value: number): number {
  return value;
}
