// Faults of one world: every seed enables a random subset with random rates (swarm testing), and then heals.
import type { Random } from './random.js';

export interface Faults {
  /** An append that is refused; one that is in the log although the caller is told otherwise. */
  appendFails: number;
  appendAckLost: number;
  /** A store call that fails before, or after, it took effect. */
  storeFails: number;
  storeAckLost: number;
  /** Extra delay of a call, milliseconds at most. */
  slowMs: number;
  /** Broker stamps that run backwards by up to this. */
  stampBackMs: number;
  /** Owner clocks off by up to this, and jumping. */
  skewMs: number;
  /** A world event per this many virtual milliseconds: crash, rebalance with a former owner going on, clock jump. */
  crashEveryMs: number;
  rebalanceEveryMs: number;
  jumpEveryMs: number;
}

export const NO_FAULTS: Faults = {
  appendFails: 0,
  appendAckLost: 0,
  storeFails: 0,
  storeAckLost: 0,
  slowMs: 0,
  stampBackMs: 0,
  skewMs: 0,
  crashEveryMs: Infinity,
  rebalanceEveryMs: Infinity,
  jumpEveryMs: Infinity,
};

export function drawFaults(random: Random): Faults {
  const rate = (most: number): number => (random.chance(0.5) ? random.next() * most : 0);
  const every = (least: number, most: number): number => (random.chance(0.7) ? random.int(least, most) : Infinity);
  return {
    appendFails: rate(0.08),
    appendAckLost: rate(0.08),
    storeFails: rate(0.08),
    storeAckLost: rate(0.08),
    slowMs: random.chance(0.5) ? random.int(1, 60) : 0,
    stampBackMs: random.chance(0.4) ? 3 : 0,
    skewMs: random.chance(0.5) ? random.int(1, 5) : 0,
    crashEveryMs: every(40, 400),
    rebalanceEveryMs: every(60, 500),
    jumpEveryMs: every(200, 1_000),
  };
}
