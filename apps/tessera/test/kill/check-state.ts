// What the doors say in the end, against what the clients did.
import { expect } from '@jest/globals';
import type { ServiceClient } from '../../src/client.js';
import { SEGMENTS } from './definitions.js';
import type { Load } from './load.js';

/** Doors, wherever they are. */
export interface Asked {
  readonly features: ServiceClient;
  readonly identity: ServiceClient;
  http(path: string): Promise<unknown>;
}

/** What the doors answer, once idle, is what the clients did; returns the members of every segment. */
export async function checkState(
  { features, identity, http }: Asked,
  load: Load,
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const expected = new Map(Object.keys(SEGMENTS).map((segment) => [segment, new Set<string>()]));
  const found: unknown[] = [];
  const wanted: unknown[] = [];
  for (const { person, deeds } of load.people()) {
    const answer = (await features.call('GetFeatures', { person })) as {
      features: readonly { name: string; value?: { numberValue?: number } }[];
    };
    found.push({ person, ...Object.fromEntries(answer.features.map(({ name, value }) => [name, value?.numberValue ?? 0])) });
    const { bought, lookedLately, lookedLongAgo } = deeds;
    wanted.push({ person, bought, looked: lookedLately + lookedLongAgo, 'looked-lately': lookedLately });
    const profile = (await identity.call('Resolve', { person }))['profile'] as string;
    for (const [segment, isMember] of Object.entries(SEGMENTS)) if (isMember(deeds)) expected.get(segment)?.add(profile);
  }
  expect(found).toEqual(wanted);
  for (const [segment, profiles] of expected) {
    const page = (await http(`/api/v1/segments/${segment}/members?pageSize=1000`)) as { profiles: readonly string[] };
    expect({ segment, members: [...page.profiles].sort() }).toEqual({ segment, members: [...profiles].sort() });
  }
  return expected;
}
