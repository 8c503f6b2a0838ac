// Every golden timeline on a whole embedded system with virtual time: the same files as on the pure core, and the same answers.
import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadScenarios, runScenario, SystemHost } from '@tessera/testkit';
import { EmbeddedWorld } from '../src/scenarios/embedded-world.js';

const FOLDER = join(import.meta.dirname, '../../../scenarios');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

describe.each(files)('%s', (file) => {
  const scenarios = loadScenarios(join(FOLDER, file));

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const world = await EmbeddedWorld.open(scenario.startMs);
    try {
      const outcome = await runScenario(scenario, new SystemHost(world));
      expect(outcome.failures).toEqual([]);
      expect(outcome.checked).toBeGreaterThan(0);
    } finally {
      await world.close();
    }
  });
});
