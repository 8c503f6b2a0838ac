// Waits for a running system to have nothing left to do.
import { setTimeout as pause } from 'node:timers/promises';
import { BRIEF_MS } from './definitions.js';

/** No stage lags, and what is brief is over. */
export async function untilIdle(ops: string): Promise<void> {
  for (let calm = 0; calm < 2;) {
    const metrics = await (await fetch(`${ops}/metrics`)).text();
    const lags = [...metrics.matchAll(/^tessera_stage_lag_records\{.*\} (.*)$/gm)].map(([, value]) => Number(value));
    calm = lags.length > 0 && lags.every((lag) => lag === 0) ? calm + 1 : 0;
    await pause(calm > 0 ? BRIEF_MS : 50);
  }
}
