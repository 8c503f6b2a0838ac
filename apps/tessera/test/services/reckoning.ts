// The end of a test under load: everything that was acknowledged is in the state, once, and in the logs.
import { expect } from '@jest/globals';
import { membershipHash, membershipLines } from '../../src/bench/memberships.js';
import { verify, type Verification } from '../../src/verify.js';
import { accessOf } from '@tessera/service';
import { checkLog } from '../kill/check-log.js';
import { checkState } from '../kill/check-state.js';
import { BRIEF_MS, SEGMENTS } from '../kill/definitions.js';
import type { Load } from '../kill/load.js';
import { adminCall, grpcDoor } from './doors.js';
import type { TestCluster } from './test-cluster.js';

const IDLE_WITHIN_MS = 240_000;

/** Stops the load, waits until all of it is worked through, checks it against what the clients did, and stops the processes. */
export async function reckon(
  cluster: TestCluster,
  load: Load,
  isForeign?: (messageId: string) => boolean,
): Promise<Verification> {
  await load.stop();
  expect(load.acknowledged).toEqual(load.sent);
  return cluster.withPorts(async (ports) => {
    await cluster.untilIdle(ports, 2 * BRIEF_MS, IDLE_WITHIN_MS);
    const members = await askDoors(cluster, load);
    for (const segment of ['buyers', 'curious']) expect(members.get(segment)?.size).toBeGreaterThan(5);
    expect(Object.values(await cluster.stop())).toEqual(cluster.processes.map(() => 0));
    for (const { name, journal } of cluster.processes)
      expect([name, /.*a partition is halted/.exec(journal)?.[0]]).toEqual([name, undefined]);

    // The serial fold of the same logs: one record at a time, no batch, no cache, no checkpoint.
    const verified = await verify({ ...ports, access: accessOf(cluster.credentials) });
    expect(verified.differences).toEqual([]);
    const lines = await membershipLines(ports.store, ports.log.partitions('fragments'));
    expect(membershipHash(lines)).toBe(membershipHash(expectedLines(load)));
    await checkLog(ports.log, load, members, isForeign);
    return verified;
  });
}

async function askDoors(cluster: TestCluster, load: Load): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { token } = cluster;
  const features = grpcDoor('tessera.features.v1.FeatureService', cluster.grpcOf('segments'), token);
  const identity = grpcDoor('tessera.identity.v1.IdentityService', cluster.grpcOf('identity'), token);
  const [admin = ''] = cluster.httpOf('segments');
  try {
    return await checkState({ features, identity, http: (path) => adminCall(admin, path, token) }, load);
  } finally {
    features.close();
    identity.close();
  }
}

/** Lines `person,segment` of everybody who must be a member, from what the clients did. */
function expectedLines(load: Load): readonly string[] {
  return load
    .people()
    .flatMap(({ person, deeds }) =>
      Object.entries(SEGMENTS).flatMap(([segment, isMember]) =>
        isMember(deeds) ? [`${person.userId ?? person.anonymousId ?? ''},${segment}\n`] : [],
      ),
    )
    .sort();
}
