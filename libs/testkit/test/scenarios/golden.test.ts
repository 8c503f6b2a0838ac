// Every golden timeline of the folder `scenarios`, on the pure core. The embedded system runs the same files in apps/tessera.
import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CoreWorld, loadScenarios, runScenario, SystemHost } from '../../src/index.js';

const FOLDER = join(import.meta.dirname, '../../../../scenarios');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

describe.each(files)('%s', (file) => {
  const scenarios = loadScenarios(join(FOLDER, file));

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const outcome = await runScenario(scenario, new SystemHost(new CoreWorld(scenario.startMs)));
    expect(outcome.failures).toEqual([]);
    expect(outcome.checked).toBeGreaterThan(0);
  });
});
