// Questions and the one change, against the documents that the shipped stages write: memory log and store, real loops.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { keyOf, type Person, type TrackedRecord } from '@tessera/contracts';
import { partitionOf, profileId } from '@tessera/hash';
import { DEFAULT_IDENTITY_RULES, resolveIdentities } from '@tessera/identity';
import { MemoryEventLog } from '@tessera/log-memory';
import { Lifecycle, systemClock, systemIds, type EventLog } from '@tessera/runtime';
import { MemoryStateStore } from '@tessera/state-memory';
import { accessOf, createGround } from '@tessera/service';
import { composeIdentity } from '../src/index.js';

const SECRET = 'secret';
const WORKSPACES = ['shop', 'other'];
const log: EventLog = new MemoryEventLog({ clock: 'append', nowMs: () => Date.now(), partitions: 4 });
const store = new MemoryStateStore();
const ground = createGround({
  ports: { log, store, clock: systemClock, ids: systemIds, shared: false },
  access: accessOf({ version: 1, workspaces: WORKSPACES.map((id) => ({ id, secret: SECRET, writeKeys: [], tokens: [] })) }),
  limits: { idleMs: 1 },
});
const { parts, hosts, service } = composeIdentity(ground);
const lifecycle = new Lifecycle([ground.catalog, ...parts]);

let sent = 0;
async function send(
  fields: { userId?: string; anonymousId?: string; traits?: Record<string, unknown> },
  workspace = 'shop',
): Promise<void> {
  const { sender = '', userId, anonymousId, identities } = resolveIdentities({ ...fields, context: {} }, DEFAULT_IDENTITY_RULES);
  const value: TrackedRecord = {
    kind: 'tracked',
    workspace,
    sender,
    messageId: `m${String(++sent)}`,
    messageHash: sent,
    type: 'track',
    event: 'Seen',
    userId,
    anonymousId,
    identities,
    timeMs: Date.now(),
    receivedMs: Date.now(),
    properties: {},
    traits: fields.traits,
    context: {},
    consent: undefined,
    source: 'test',
  };
  const key = keyOf(workspace, 'sender', sender);
  await log.append('events', partitionOf(key, 4), [{ key, value }]);
  await settled();
}

/** Everything that was appended is in the documents, those of the store too; asked twice, since a stage may be about to feed another. */
async function settled(): Promise<void> {
  for (let quiet = 0; quiet < 2;) {
    await systemClock.wait(10);
    const lags = await Promise.all(hosts.map((host) => host.lag()));
    quiet = lags.every((lag, i) => lag === 0 && hosts[i]?.idle === true) ? quiet + 1 : 0;
  }
}

const who = (person: Partial<Person>): Person => ({ identities: {}, ...person });
const profile = (node: string): string => profileId(SECRET, node);

beforeAll(() => lifecycle.start());
afterAll(() => lifecycle.stop());

describe('the identity service', () => {
  test('knows everyone under the strongest of their identities', async () => {
    await send({ anonymousId: 'd1', userId: 'ada', traits: { email: 'Ada@Example.com' } });
    const expected = {
      profile: profile('user_id:ada'),
      nodes: ['email:ada@example.com', 'spell:0@anonymous_id:d1', 'user_id:ada'],
    };
    for (const person of [{ userId: 'ada' }, { anonymousId: 'd1' }, { identities: { email: 'ADA@example.com' } }]) {
      const { profile: found, nodes } = await service.resolve('shop', who(person));
      expect({ profile: found, nodes: [...nodes].sort() }).toEqual(expected);
    }
  });

  test('has an answer for people whom nobody has seen, and for profile ids', async () => {
    const node = 'spell:0@anonymous_id:new';
    expect(await service.resolve('shop', who({ anonymousId: 'new' }))).toEqual({ profile: profile(node), nodes: [node] });
    expect(await service.resolve('shop', who({ profileId: 'p_x' }))).toEqual({ profile: 'p_x', nodes: [] });
  });

  test('knows nothing of other workspaces', async () => {
    await send({ anonymousId: 'd1', userId: 'somebody else' }, 'other');
    expect((await service.resolve('shop', who({ anonymousId: 'd1' }))).profile).toBe(profile('user_id:ada'));
    expect((await service.resolve('other', who({ userId: 'ada' }))).nodes).toEqual(['user_id:ada']);
  });

  test('says why: links with their evidence', async () => {
    const { links } = await service.why('shop', who({ userId: 'ada' }));
    expect(links.map(({ a, b, status, evidence }) => [a, b, status, evidence])).toEqual([
      ['email:ada@example.com', 'user_id:ada', 'accepted', 'shared'],
      ['spell:0@anonymous_id:d1', 'user_id:ada', 'accepted', 'login'],
    ]);
    await expect(service.why('shop', who({ profileId: 'p_x' }))).rejects.toMatchObject({ code: 'invalid-field' });
  });

  test('takes a link back, says so in the audit, and shows it as revoked', async () => {
    const question = { a: who({ anonymousId: 'd1' }), b: who({ userId: 'ada' }), note: 'not hers', actor: 'owner' };
    expect(await service.unlink('shop', question)).toEqual({
      revoked: ['spell:0@anonymous_id:d1 -- user_id:ada'],
      remaining: [],
    });
    await settled();
    expect((await service.resolve('shop', who({ anonymousId: 'd1' }))).nodes).toEqual(['spell:0@anonymous_id:d1']);
    expect((await service.why('shop', who({ anonymousId: 'd1' }))).links).toMatchObject([{ status: 'revoked' }]);
    const key = keyOf('shop', 'workspace', 'audit');
    const { records } = await log.read('audit', partitionOf(key, 4), 0, { records: 10, bytes: 1 << 20 });
    expect(records.map(({ value }) => value)).toMatchObject([
      {
        action: 'identity.unlink',
        actor: 'owner',
        subject: 'spell:0@anonymous_id:d1 -- user_id:ada',
        detail: { note: 'not hers' },
      },
    ]);
  });

  test('refuses to part what is apart, the same, or one by way of others only', async () => {
    await send({ anonymousId: 'd2', userId: 'bob', traits: { email: 'bob@example.com' } });
    const unlink = (a: Partial<Person>, b: Partial<Person>) =>
      service.unlink('shop', { a: who(a), b: who(b), note: '', actor: 'owner' });
    await expect(unlink({ userId: 'bob' }, { userId: 'ada' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('not linked') as unknown,
    });
    await expect(unlink({ userId: 'bob' }, { userId: 'bob' })).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('same') as unknown,
    });
    await expect(unlink({ anonymousId: 'd2' }, { identities: { email: 'bob@example.com' } })).rejects.toMatchObject({
      code: 'conflict',
      facts: { found: 'spell:0@anonymous_id:d2 -- user_id:bob, email:bob@example.com -- user_id:bob' },
    });
    await expect(unlink({ profileId: 'p_x' }, { userId: 'bob' })).rejects.toMatchObject({
      code: 'invalid-field',
      facts: { field: 'a' },
    });
  });
});
