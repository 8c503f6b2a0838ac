import { describe, expect, test } from '@jest/globals';
import { Lifecycle, type Part } from '../src/index.js';

function parts(names: readonly string[], failing: string | undefined, journal: string[]): Part[] {
  return names.map((name) => ({
    name,
    start() {
      if (name === failing) throw new Error('no room');
      journal.push(`start ${name}`);
    },
    stop() {
      journal.push(`stop ${name}`);
    },
  }));
}

describe('the lifecycle', () => {
  test('starts in order and stops in reverse', async () => {
    const journal: string[] = [];
    const lifecycle = new Lifecycle(parts(['log', 'stages', 'doors'], undefined, journal));
    await lifecycle.start();
    await lifecycle.stop();
    await lifecycle.stop();
    expect(journal).toEqual(['start log', 'start stages', 'start doors', 'stop doors', 'stop stages', 'stop log']);
  });

  test('rolls back what had started when a part does not start, and names the part', async () => {
    const journal: string[] = [];
    const lifecycle = new Lifecycle(parts(['log', 'stages', 'doors'], 'doors', journal));
    await expect(lifecycle.start()).rejects.toThrow('doors did not start: no room');
    expect(journal).toEqual(['start log', 'start stages', 'stop stages', 'stop log']);
  });
});
