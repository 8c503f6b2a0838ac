// The whole system as people use it: an embedded data folder, the unmodified tracking SDK, real HTTP and gRPC.
import 'reflect-metadata';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Analytics } from '@segment/analytics-node';
import { connect, RefusedError, type Connection } from '../src/client.js';
import { readConfig } from '@tessera/settings';
import { openEmbedded, type Embedded } from '../src/embedded.js';

const WINDOW_MS = 2_000;
const DEFINITIONS = `
apiVersion: tessera/v1
kind: Segment
metadata: { name: just-looked }
spec: { when: { event: Product Viewed, within: ${String(WINDOW_MS)}ms } }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: shoe-fans }
spec: { when: { event: Product Viewed, where: { properties.category: shoes }, within: 1d } }
---
apiVersion: tessera/v1
kind: Feature
metadata: { name: views }
spec: { event: Product Viewed, count: {}, within: 1d }
---
apiVersion: tessera/v1
kind: Content
metadata: { name: shoes }
spec: { payload: { headline: "New shoes for {{ traits.firstName | default: 'you' }}" } }
---
apiVersion: tessera/v1
kind: Content
metadata: { name: welcome }
spec: { payload: { headline: Welcome } }
---
apiVersion: tessera/v1
kind: Slot
metadata: { name: home-hero }
spec: { rules: [{ segment: shoe-fans, content: shoes }], fallback: welcome }
---
apiVersion: tessera/v1
kind: Slot
metadata: { name: corner }
spec: { rules: [{ segment: just-looked, content: shoes }], fallback: welcome }
`;
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));

type Json = Readonly<Record<string, unknown>>;

const data = mkdtempSync(join(tmpdir(), 'tessera-e2e-'));
let embedded: Embedded;
let client: Connection;

async function open(): Promise<void> {
  embedded = await openEmbedded({ ...readConfig({}), data, httpPort: 0, grpcPort: 0, opsPort: 0 });
  client = connect(data);
}

async function close(): Promise<void> {
  client.close();
  await embedded.stop();
}

/** Sends with Segment's own client for servers, and resolves when the server has taken all of it. */
async function send(...calls: readonly (Json & { readonly type: 'track' | 'identify' })[]): Promise<void> {
  const analytics = new Analytics({
    writeKey: client.workspace.writeKeys[0]?.key ?? '',
    host: client.endpoints.http,
    flushAt: calls.length,
  });
  const failed: unknown[] = [];
  analytics.on('error', (error) => failed.push(error));
  for (const { type, ...call } of calls) analytics[type](call as never);
  await analytics.closeAndFlush();
  expect(failed).toEqual([]);
}

const decisions = (person: Json, slot: string): Promise<Json> =>
  client
    .grpc('tessera.decisions.v1.DecisionService')
    .call('Decide', { person, slots: [slot] })
    .then(({ slots }) => (slots as readonly Json[])[0] as Json);

const memberships = async (person: Json): Promise<readonly string[]> => {
  const answer = await client.grpc('tessera.segments.v1.SegmentService').call('GetMemberships', { person });
  return (answer['memberships'] as readonly { segment: string }[]).map(({ segment }) => segment);
};

const profileOf = async (person: Json): Promise<string> =>
  (await client.grpc('tessera.identity.v1.IdentityService').call('Resolve', { person }))['profile'] as string;

/** Looks until it is so. The bound is for busy machines: a system at rest needs some ten milliseconds. */
async function eventually<T>(look: () => Promise<T>, isSo: (found: T) => boolean, withinMs = 10_000): Promise<T> {
  const endMs = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (isSo(found)) return found;
    if (Date.now() > endMs) throw new Error(`still ${JSON.stringify(found)} after ${String(withinMs)} ms`);
    await pause(10);
  }
}

beforeAll(async () => {
  await open();
  await client.http('/api/v1/definitions:apply?wait=active', { method: 'POST', body: DEFINITIONS });
});
afterAll(async () => {
  await close();
  rmSync(data, { recursive: true, force: true });
});

describe('the system', () => {
  test('keeps its credentials for its owner alone', () => {
    expect(statSync(join(data, 'credentials.json')).mode & 0o777).toBe(0o600);
  });

  test('shows somebody what their segment is to see, and says why', async () => {
    await send(
      { type: 'identify', userId: 'ada', traits: { firstName: 'Ada', email: 'ada@example.com' } },
      { type: 'track', userId: 'ada', event: 'Product Viewed', properties: { category: 'shoes', price: 60 } },
    );
    await eventually(
      () => memberships({ userId: 'ada' }),
      (found) => found.includes('shoe-fans'),
    );
    const slot = await eventually(
      () => decisions({ userId: 'ada' }, 'home-hero'),
      ({ status }) => status === 'OK',
    );
    expect(slot).toMatchObject({
      content: 'shoes',
      payload: { fields: { headline: { stringValue: 'New shoes for Ada' } } },
      reason: { code: 'TARGETING_MATCH', segment: 'shoe-fans', rule: 0 },
    });
    expect(await decisions({ userId: 'nobody' }, 'home-hero')).toMatchObject({
      content: 'welcome',
      reason: { code: 'UNKNOWN_PERSON' },
    });
  });

  test('answers with features, traits and the explanation of a membership', async () => {
    const features = await client.grpc('tessera.features.v1.FeatureService').call('GetFeatures', { person: { userId: 'ada' } });
    expect(features).toMatchObject({
      features: [{ name: 'views', status: 'PRESENT', value: { numberValue: 1 }, exactness: 'EXACT' }],
      traits: { fields: { firstName: { stringValue: 'Ada' } } },
    });
    const why = await client.http('/api/v1/profiles:explain', {
      method: 'POST',
      body: { person: { identities: { email: 'ada@example.com' } }, segment: 'shoe-fans' },
    });
    expect(why).toMatchObject({ member: true, verdict: 'true', explanation: { found: 1, decisive: true } });
    expect(await client.http('/api/v1/segments/shoe-fans/members')).toEqual({
      profiles: [await profileOf({ userId: 'ada' })],
      nextPageToken: '',
    });
  });

  test('lists the members of a segment page by page', async () => {
    const people = Array.from({ length: 12 }, (_, i) => `visitor-${String(i)}`);
    await send(
      ...people.map((userId) => ({ type: 'track' as const, userId, event: 'Product Viewed', properties: { category: 'shoes' } })),
    );
    const segments = client.grpc('tessera.segments.v1.SegmentService');
    await eventually(
      () => segments.call('ListSegments', {}),
      ({ segments: found }) => (found as readonly Json[]).some(({ name, members }) => name === 'shoe-fans' && members === 13),
    );
    const profiles: string[] = [];
    let pageToken = '';
    do {
      const page = await segments.call('ListMembers', { segment: 'shoe-fans', pageSize: 5, pageToken });
      profiles.push(...(page['profiles'] as readonly string[]));
      pageToken = page['nextPageToken'] as string;
    } while (pageToken !== '');
    const expected = await Promise.all(['ada', ...people].map((userId) => profileOf({ userId })));
    expect(profiles.sort()).toEqual(expected.sort());
    const page = segments.call('ListMembers', { segment: 'shoe-fans', pageToken: 'x' });
    await expect(page).rejects.toMatchObject({ code: 3 });
  });

  test('lets a window run out on time, while nothing happens', async () => {
    const lateness = await Promise.all(['eve', 'dan', 'fay'].map(windowOf));
    // A busy machine can only add to it: the least of the three is what the system takes.
    expect(Math.min(...lateness)).toBeLessThan(250);
  });

  /** Milliseconds from the end of somebody's window to the decision that knows of it. */
  async function windowOf(userId: string): Promise<number> {
    const person = { userId };
    await send({ type: 'track', userId, event: 'Product Viewed', properties: { category: 'hats' } });
    const { nextChange } = await eventually(
      async () =>
        (await client.http('/api/v1/profiles:explain', { method: 'POST', body: { person, segment: 'just-looked' } })) as Json,
      ({ member }) => member === true,
    );
    const dueMs = Date.parse(String(nextChange));
    await eventually(
      () => decisions(person, 'corner'),
      ({ status }) => status === 'OK',
    );
    await pause(dueMs - Date.now());
    await eventually(
      () => decisions(person, 'corner'),
      ({ status }) => status === 'FALLBACK',
    );
    const latenessMs = Date.now() - dueMs;
    const timeline = await client.http('/api/v1/profiles:timeline', { method: 'POST', body: { person } });
    expect((timeline as { changes: readonly Json[] }).changes.at(-1)).toMatchObject({
      effective: new Date(dueMs).toISOString(),
      changes: [{ segment: 'just-looked', kind: 'exited', reason: 'expiry' }],
    });
    return latenessMs;
  }

  test('takes a wrong link back as if it had never been', async () => {
    const device = { anonymousId: 'tablet' };
    await send({ type: 'track', ...device, event: 'Product Viewed', properties: { category: 'shoes' } });
    await eventually(
      () => memberships(device),
      (found) => found.includes('shoe-fans'),
    );
    const before = await profileOf(device);
    await send({ type: 'identify', ...device, userId: 'bob', traits: { firstName: 'Bob' } });
    await eventually(
      () => memberships({ userId: 'bob' }),
      (found) => found.includes('shoe-fans'),
    );
    expect(await profileOf(device)).toBe(await profileOf({ userId: 'bob' }));
    const identity = client.grpc('tessera.identity.v1.IdentityService');
    expect(await identity.call('Why', { person: { userId: 'bob' } })).toMatchObject({
      links: [{ status: 'accepted', evidence: 'login' }],
    });

    const unlinked = await identity.call('Unlink', { a: device, b: { userId: 'bob' }, note: 'a shared tablet' });
    expect(unlinked).toEqual({ revoked: ['spell:0@anonymous_id:tablet -- user_id:bob'] });
    await eventually(
      () => memberships({ userId: 'bob' }),
      (found) => found.length === 0,
    );
    expect(await profileOf(device)).toBe(before);
    await eventually(
      () => memberships(device),
      (found) => found.includes('shoe-fans'),
    );
    await expect(identity.call('Unlink', { a: device, b: { userId: 'bob' }, note: '' })).rejects.toMatchObject({ code: 9 });
    const audit = String(await client.http('/api/v1/topics/audit/tail?from=start'));
    expect(audit).toContain('identity.unlink');
    expect(audit).toContain('definitions.apply');
  });

  test('refuses definitions that it cannot keep, with the place and a suggestion', async () => {
    const wrong = DEFINITIONS.replace('within: 1d', 'withn: 1d');
    const refusal = client.http('/api/v1/definitions:apply', { method: 'POST', body: wrong });
    await expect(refusal).rejects.toThrow(RefusedError);
    await expect(refusal).rejects.toThrow(/Segment\/shoe-fans.*did you mean 'within'/is);
  });

  test('is ready, and has every record accounted for', async () => {
    const { ops } = client.endpoints;
    expect(await (await fetch(`${ops}/readyz`)).text()).toBe('ready\n');
    const metrics = await (await fetch(`${ops}/metrics`)).text();
    const unaccounted = [...metrics.matchAll(/^tessera_stage_records_unaccounted\{.*\} (.*)$/gm)].map(([, value]) => value);
    expect(unaccounted).toEqual(new Array(8).fill('0'));
    expect(metrics).toMatch(/^tessera_ingestion_events_total\{verdict="accepted"\} 19$/m);
  });

  test('is started once per data folder: the second start names the owner', async () => {
    expect(existsSync(MAIN)).toBe(true);
    const refused = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [MAIN, 'dev', '--data', data], { timeout: 20_000 }, (error, _stdout, stderr) => {
        resolve({ code: error?.code, stderr });
      });
    });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(`is in use by process ${String(process.pid)}`);
  });

  test('goes on after a restart where it was', async () => {
    const look = async (): Promise<unknown> => ({
      members: await client.http('/api/v1/segments/shoe-fans/members'),
      history: await client.http('/api/v1/definitions/history'),
      decision: { ...(await decisions({ userId: 'ada' }, 'home-hero')), decided: undefined },
      writeKey: client.workspace.writeKeys,
    });
    const before = await look();
    await close();
    await open();
    expect(await look()).toEqual(before);
    await send({ type: 'track', userId: 'carol', event: 'Product Viewed', properties: { category: 'shoes' } });
    await eventually(
      () => decisions({ userId: 'carol' }, 'home-hero'),
      ({ status }) => status === 'OK',
    );
  });
});
