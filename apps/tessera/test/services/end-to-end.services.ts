// Five real processes on Kafka and MongoDB, spoken to as applications do: an unmodified SDK sends, data teams read the topics, an
// application asks what to show, an operator takes a link back.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Analytics } from '@segment/analytics-node';
import type { AnyRecord, SegmentMembershipRecord, SegmentsChangedRecord, TopicId } from '@tessera/contracts';
import type { EventLog } from '@tessera/runtime';
import { adminCall, grpcDoor, type GrpcDoor } from './doors.js';
import { SERVICES } from './service-process.js';
import { sharedServers, TestCluster } from './test-cluster.js';

const DEFINITIONS = `
apiVersion: tessera/v1
kind: Segment
metadata: { name: big-spenders }
spec: { when: { event: Order Completed, sum: { of: properties.revenue, gte: 100 }, within: 90d } }
---
apiVersion: tessera/v1
kind: Content
metadata: { name: ten-off }
spec: { payload: { headline: 10 % off } }
---
apiVersion: tessera/v1
kind: Content
metadata: { name: standard-hero }
spec: { payload: { headline: Welcome } }
---
apiVersion: tessera/v1
kind: Slot
metadata: { name: home-hero }
spec: { rules: [{ segment: big-spenders, content: ten-off }], fallback: standard-hero }
`;

const cluster = await TestCluster.of({ servers: sharedServers(), instances: 1, partitions: 4 });
const doors: GrpcDoor[] = [];
const [ingestion = ''] = cluster.httpOf('ingestion');
const [segments = ''] = cluster.httpOf('segments');

beforeAll(() => cluster.start(), 120_000);
afterAll(async () => {
  for (const door of doors) door.close();
  await cluster.end();
});

function door(service: string, process: 'identity' | 'segments' | 'decisions'): GrpcDoor {
  const opened = grpcDoor(service, cluster.grpcOf(process), cluster.token);
  doors.push(opened);
  return opened;
}

async function eventually<T>(look: () => Promise<T>, holds: (found: T) => boolean): Promise<T> {
  const untilMs = performance.now() + 30_000;
  for (;;) {
    const found = await look();
    if (holds(found) || performance.now() > untilMs) return found;
    await pause(50);
  }
}

async function recordsOf<Record_ extends AnyRecord>(
  log: EventLog,
  topic: TopicId,
): Promise<readonly (readonly [string, Record_ | null])[]> {
  const records: (readonly [string, Record_ | null])[] = [];
  for (let partition = 0; partition < log.partitions(topic); partition++) {
    for (let at = 0; ;) {
      const batch = await log.read(topic, partition, at, { records: 1_000, bytes: 4 << 20 });
      if (batch.nextOffset <= at) break;
      for (const { key, value } of batch.records) records.push([key, value as Record_ | null]);
      at = batch.nextOffset;
    }
  }
  return records;
}

describe('five processes', () => {
  test('are alive and ready, each at its own operations port, and say what they measure', async () => {
    for (const { service, ports } of cluster.processes) {
      const ops = `http://127.0.0.1:${String(ports.ops)}`;
      expect([service, await (await fetch(`${ops}/livez`)).text()]).toEqual([service, 'alive\n']);
      expect([service, await (await fetch(`${ops}/readyz`)).text()]).toEqual([service, 'ready\n']);
      expect(await (await fetch(`${ops}/metrics`)).text()).toMatch(/^process_/m);
    }
    expect(cluster.processes.map(({ service }) => service)).toEqual(SERVICES);
  });

  test('take definitions over the admin API of segments, which all of them work with then', async () => {
    const applied = await adminCall(segments, '/api/v1/definitions:apply?wait=active', cluster.token, DEFINITIONS);
    expect(applied).toMatchObject({ set: 1, changed: true, active: true });
  });

  test('turn what an unmodified SDK sends into memberships, changes and decisions, and back when a link is taken back', async () => {
    const analytics = new Analytics({ writeKey: cluster.writeKey, host: ingestion, flushAt: 1, httpRequestTimeout: 20_000 });
    analytics.track({ anonymousId: 'laptop', event: 'Order Completed', properties: { revenue: 70 } });
    analytics.track({ userId: 'ada', event: 'Order Completed', properties: { revenue: 60 } });
    analytics.identify({ anonymousId: 'laptop', userId: 'ada' });
    await analytics.closeAndFlush();

    const decisions = door('tessera.decisions.v1.DecisionService', 'decisions');
    const question = { person: { userId: 'ada' }, slots: ['home-hero'] };
    const decide = async (): Promise<Shown> => shownOf(await decisions.call('Decide', question));
    const inside = await eventually(decide, ({ content }) => content === 'ten-off');
    expect(inside).toMatchObject({
      content: 'ten-off',
      status: 'OK',
      reason: { code: 'TARGETING_MATCH', segment: 'big-spenders' },
    });

    const identity = door('tessera.identity.v1.IdentityService', 'identity');
    const { profile } = (await identity.call('Resolve', { person: { anonymousId: 'laptop' } })) as { profile: string };
    const features = door('tessera.segments.v1.SegmentService', 'segments');
    expect(await features.call('GetMemberships', { person: { userId: 'ada' } })).toMatchObject({
      profile,
      memberships: [{ segment: 'big-spenders' }],
    });
    expect(await changesOf(profile)).toEqual([['entered', 'big-spenders']]);
    expect(await membersOf('big-spenders')).toEqual([profile]);

    const unlinked = await identity.call('Unlink', { a: { anonymousId: 'laptop' }, b: { userId: 'ada' }, note: 'not hers' });
    expect((unlinked['revoked'] as readonly string[]).length).toBe(1);
    const outside = await eventually(decide, ({ content }) => content === 'standard-hero');
    expect(outside).toMatchObject({ content: 'standard-hero', status: 'FALLBACK' });
    expect(await changesOf(profile)).toEqual([
      ['entered', 'big-spenders'],
      ['exited', 'big-spenders'],
    ]);
    expect(await membersOf('big-spenders')).toEqual([]);
  });

  test('refuse credentials that are not theirs, and what a credential may not do', async () => {
    const answer = await fetch(`${ingestion}/v1/track`, { method: 'POST', headers: { authorization: 'Basic eDo=' }, body: '{}' });
    expect(answer.status).toBe(401);
    await expect(adminCall(segments, '/api/v1/segments', cluster.writeKey)).rejects.toThrow(/answered 401/);
  });

  test('stop within their time, in any order, with exit code 0', async () => {
    const codes = await cluster.stop();
    expect(codes).toEqual(Object.fromEntries(SERVICES.map((service) => [`${service}-0`, 0])));
    for (const { journal } of cluster.processes) {
      expect(journal).toMatch(/"msg":"stopped"/);
      expect(journal).not.toMatch(/"alert":true/);
    }
  });
});

interface Shown {
  readonly content: string;
  readonly status: string;
  readonly reason?: { readonly code: string; readonly segment: string };
}

function shownOf(answer: Readonly<Record<string, unknown>>): Shown {
  return (answer['slots'] as readonly Shown[])[0] as Shown;
}

function changesOf(profile: string): Promise<readonly (readonly [string, string])[]> {
  return cluster.withPorts(async ({ log }) => {
    const records = await recordsOf<SegmentsChangedRecord>(log, 'segment-changes');
    const own = records.flatMap(([, record]) => (record?.profile === profile ? [record] : []));
    const inOrder = new Map(own.sort((a, b) => a.sequence - b.sequence).map((record) => [record.sequence, record]));
    return [...inOrder.values()].flatMap(({ changes }) => changes.map(({ kind, segment }) => [kind, segment] as const));
  });
}

/** As a consumer has them who has read the compacted topic to its end. */
function membersOf(segment: string): Promise<readonly string[]> {
  return cluster.withPorts(async ({ log }) => {
    const last = new Map(await recordsOf<SegmentMembershipRecord>(log, 'segment-memberships'));
    return [...last.values()].flatMap((record) => (record?.segment === segment ? [record.profile] : []));
  });
}
