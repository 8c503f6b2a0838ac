// The world's clock and identifiers, for processes. The simulator and the scenarios bring their own.
import { randomUUID } from 'node:crypto';
import type { Clock, Ids } from './ports.js';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  wait(ms, signal) {
    return new Promise((resolve) => {
      if (ms <= 0) {
        setImmediate(resolve);
        return;
      }
      if (signal?.aborted) {
        resolve();
        return;
      }
      const timer = setTimeout(finish, Math.min(ms, 0x7fffffff));
      function finish(): void {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      }
      signal?.addEventListener('abort', finish, { once: true });
    });
  },
};

export const systemIds: Ids = { next: () => randomUUID() };
