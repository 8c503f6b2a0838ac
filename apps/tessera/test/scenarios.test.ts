// Every golden timeline on a whole embedded system with virtual time: the same files as on the pure core, and the same answers. Beyond
// what a scenario expects, both must end with the same published memberships and values of everybody.
import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProfileFeaturesRecord } from '@tessera/contracts';
import { MemoryEventLog } from '@tessera/log-memory';
import { MemoryStateStore } from '@tessera/state-memory';
import {
  CoreWorld,
  loadScenarios,
  PARTITIONS,
  runScenario,
  SystemHost,
  type LoadedScenario,
  type ScenarioWorld,
} from '@tessera/testkit';
import { EmbeddedWorld, type OpenWorldPorts } from '../src/scenarios/embedded-world.js';

const FOLDER = join(import.meta.dirname, '../../../scenarios');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

const openMemory: OpenWorldPorts = (clock) =>
  Promise.resolve({
    log: new MemoryEventLog({ clock: 'append', partitions: PARTITIONS, nowMs: () => clock.nowMs() }),
    store: new MemoryStateStore(),
  });

/** What is said of everybody at the end, and what does not hold of the scenario. */
async function play(scenario: LoadedScenario, world: ScenarioWorld): Promise<readonly string[]> {
  try {
    const outcome = await runScenario(scenario, new SystemHost(world));
    expect(outcome.failures).toEqual([]);
    expect(outcome.checked).toBeGreaterThan(0);
    return await publishedIn(world);
  } finally {
    await world.close();
  }
}

/** Without versions and moments of entry: they depend on the order in which partitions were read, for people of several fragments. */
async function publishedIn(world: ScenarioWorld): Promise<readonly string[]> {
  const last = new Map<string, string>();
  for (const topic of ['segment-memberships', 'profile-features'] as const) {
    for (const { key, value } of await world.records(topic)) {
      const { features, traits, approximate, consent } = (value ?? {}) as Partial<ProfileFeaturesRecord>;
      if (value === null) last.delete(key);
      else last.set(key, `${key} ${JSON.stringify({ features, traits, approximate, consent })}`);
    }
  }
  return [...last.values()].sort();
}

describe.each(files)('%s', (file) => {
  const scenarios = loadScenarios(join(FOLDER, file));

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const [core, embedded, memory] = await Promise.all([
      play(scenario, new CoreWorld(scenario.startMs)),
      EmbeddedWorld.open(scenario.startMs).then((world) => play(scenario, world)),
      EmbeddedWorld.open(scenario.startMs, openMemory).then((world) => play(scenario, world)),
    ]);
    expect(embedded).toEqual(core);
    expect(memory).toEqual(core);
  });
});
