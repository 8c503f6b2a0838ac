// One scenario on one world: nothing fails, something is checked, and what is said of everybody in the end is returned.
import { expect } from '@jest/globals';
import type { ProfileFeaturesRecord } from '@tessera/contracts';
import { runScenario, SystemHost, type LoadedScenario, type ScenarioWorld } from '@tessera/testkit';

/** What is said of everybody at the end, and what does not hold of the scenario. */
export async function play(scenario: LoadedScenario, world: ScenarioWorld): Promise<readonly string[]> {
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
