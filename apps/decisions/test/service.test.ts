// The whole service over real gRPC and HTTP: the shipped module, guards and filters; only the store can be slow or broken.
import 'reflect-metadata';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type ServiceError, Metadata, credentials as channel, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type MicroserviceOptions, Transport } from '@nestjs/microservices';
import type { DecisionDefinitions } from '@tessera/decisions';
import { profileId } from '@tessera/hash';
import { createHttpServer, credentialsOf } from '@tessera/nest';
import { systemClock, systemIds } from '@tessera/runtime';
import { StoreReadModel } from '@tessera/read-model';
import { DECISIONS_PROTO, DecisionCounters, DecisionsModule } from '../src/index.js';
import { FakeLog, FakeStore, PARTITIONS, settle } from './fakes.js';
import { ENTERED, SECRET, SHOP, assigned, entered, named } from './shop.js';

const store = new FakeStore();
const log = new FakeLog();
const readModel = new StoreReadModel({ store, partitions: () => PARTITIONS, freshness: () => 7, cacheBytesMax: 0 });
const sets = new Map<string, DecisionDefinitions>([['shop', SHOP]]);
const server = await startServer();
const client = server.client();

async function startServer() {
  const credentials = credentialsOf({
    writeKeys: [],
    tokens: [
      { token: 'decider', workspace: 'shop', source: 'site', scopes: ['decide'] },
      { token: 'reader', workspace: 'shop', source: 'site', scopes: ['read'] },
      { token: 'newcomer', workspace: 'empty', source: 'site', scopes: ['decide'] },
    ],
  });
  const options = { readModel, clock: systemClock, ids: systemIds, secretOf: () => SECRET, credentials, log: log.port };
  const app = await createHttpServer(DecisionsModule.register({ ...options, definitions: (workspace) => sets.get(workspace) }), {
    logger: false,
  });
  const url = `127.0.0.1:${String(await freePort())}`;
  app.connectMicroservice<MicroserviceOptions>({ transport: Transport.GRPC, options: { ...DECISIONS_PROTO, url } });
  await app.startAllMicroservices();
  await app.listen(0, '127.0.0.1');
  return { app, url, client: () => clientOf(url) };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

interface Call {
  Decide(
    request: object,
    metadata: Metadata,
    options: { readonly deadline?: number },
    done: (error: ServiceError | null, answer?: Record<string, unknown>) => void,
  ): void;
  close(): void;
}

function clientOf(url: string): Call {
  const definition = loadSync(DECISIONS_PROTO.protoPath, DECISIONS_PROTO.loader);
  const { tessera } = loadPackageDefinition(definition) as unknown as {
    tessera: { decisions: { v1: { DecisionService: new (url: string, credentials: unknown) => Call } } };
  };
  return new tessera.decisions.v1.DecisionService(url, channel.createInsecure());
}

interface Slot {
  readonly slot: string;
  readonly status: string;
  readonly content: string;
  readonly reason: { readonly code: string };
}
type Answer = Record<string, unknown> & { readonly slots: readonly Slot[] };

function decide(request: object, { token = 'decider', withinMs }: { token?: string; withinMs?: number } = {}): Promise<Answer> {
  const metadata = new Metadata();
  if (token !== '') metadata.set('authorization', `Bearer ${token}`);
  return new Promise((resolve, reject) => {
    client.Decide(request, metadata, withinMs === undefined ? {} : { deadline: Date.now() + withinMs }, (error, answer) => {
      if (error) reject(error);
      else resolve(answer as Answer);
    });
  });
}

async function post(
  body: string,
  headers: Record<string, string> = { authorization: 'Bearer decider' },
): Promise<{ status: number; json: unknown }> {
  const response = await fetch(`${await server.app.getUrl()}/v1/decide`, { method: 'POST', body, headers });
  return { status: response.status, json: await response.json() };
}

const brief = (answer: Answer): unknown[] =>
  answer.slots.map(({ slot, status, content, reason }) => [slot, status, content, reason.code]);

beforeAll(async () => {
  await assigned(store, 'user_id:42', 'p_ada');
  await entered(store, 'p_ada', 'cart-abandoners');
  await named(store, 'p_ada', 'Ada');
  await entered(store, profileId(SECRET, 'spell:0@anonymous_id:d0'), 'cart-abandoners');
});
afterEach(() => {
  store.before = () => Promise.resolve();
});
afterAll(async () => {
  client.close();
  await server.app.close();
});

describe('Decide over gRPC', () => {
  test('answers every slot with content and reason', async () => {
    const context = { fields: { page: { stringValue: 'home' } } };
    const answer = await decide({ person: { userId: '42' }, slots: ['home-hero', 'nowhere', 'sidebar'], context });
    expect(answer).toMatchObject({ profile: 'p_ada', stalenessMs: 7, definitionSet: 3 });
    expect(answer['decisionId']).toMatch(/^[0-9a-f-]{36}$/);
    expect(Math.abs(Number((answer['decided'] as { seconds: number }).seconds) * 1_000 - Date.now())).toBeLessThan(60_000);
    expect(brief(answer)).toEqual([
      ['home-hero', 'OK', 'ten-off', 'TARGETING_MATCH'],
      ['nowhere', 'ERROR', '', 'UNKNOWN_SLOT'],
      ['sidebar', 'OK', 'ten-off', 'TARGETING_MATCH'],
    ]);
    expect(answer.slots[0]).toMatchObject({
      payload: {
        fields: {
          headline: { kind: 'stringValue', stringValue: 'Hi Ada, 10 % off' },
          href: { stringValue: '/cart' },
          tags: {
            listValue: { values: [{ stringValue: 'home' }, { numberValue: 1 }, { boolValue: true }, { kind: 'nullValue' }] },
          },
        },
      },
      reason: {
        segment: 'cart-abandoners',
        rule: 0,
        memberSince: { seconds: Date.parse(ENTERED) / 1_000, nanos: 0 },
        rules: [{ rule: 0, segment: 'cart-abandoners', content: 'ten-off', outcome: 'applied' }],
      },
    });
  });

  test.each<[string, object, unknown[]]>([
    ['a device without an assignment', { anonymousId: 'd0' }, ['home-hero', 'OK', 'ten-off', 'TARGETING_MATCH']],
    ['a profile', { profileId: 'p_ada' }, ['home-hero', 'OK', 'ten-off', 'TARGETING_MATCH']],
    ['a new user on a known device', { userId: 'new', anonymousId: 'd0' }, ['home-hero', 'OK', 'ten-off', 'TARGETING_MATCH']],
    [
      'somebody unknown',
      { userId: 'nobody', identities: { email: 'a@b.c' } },
      ['home-hero', 'FALLBACK', 'standard-hero', 'UNKNOWN_PERSON'],
    ],
  ])('knows %s', async (_, person, expected) => {
    const context = { fields: { page: { stringValue: 'home' } } };
    expect(brief(await decide({ person, slots: ['home-hero'], context }))).toEqual([expected]);
  });

  test('reads a person in at most two round trips', async () => {
    let roundTrips = 0;
    let underWay = 0;
    store.before = async () => {
      if (underWay++ === 0) roundTrips++;
      await pause(5);
      underWay--;
    };
    await decide({ person: { userId: 'x', anonymousId: 'd0', identities: { email: 'a@b.c' } }, slots: ['home-hero', 'sidebar'] });
    expect(roundTrips).toBe(2);
  });

  test('shows the fallback before the deadline when the store is slow', async () => {
    store.before = () => pause(1_500);
    for (const limits of [
      { request: { deadlineMs: 60 }, call: {} },
      { request: {}, call: { withinMs: 700 } },
    ]) {
      const started = performance.now();
      const answer = await decide({ person: { userId: '42' }, slots: ['home-hero', 'sidebar'], ...limits.request }, limits.call);
      expect(performance.now() - started).toBeLessThan(1_200);
      expect(answer).toMatchObject({ profile: '', stalenessMs: -1 });
      expect(brief(answer)).toEqual([
        ['home-hero', 'FALLBACK', 'standard-hero', 'TIMEOUT'],
        ['sidebar', 'EMPTY', '', 'TIMEOUT'],
      ]);
    }
  });

  test('shows the fallback when the store is broken', async () => {
    store.before = () => Promise.reject(new Error('the disk is gone'));
    expect(brief(await decide({ person: { userId: '42' }, slots: ['home-hero'] }))).toEqual([
      ['home-hero', 'FALLBACK', 'standard-hero', 'UNAVAILABLE'],
    ]);
  });

  test('answers in two seconds when the store hangs and nobody gave a deadline', async () => {
    let release = (): void => undefined;
    store.before = () => new Promise((resolve) => (release = resolve));
    const started = performance.now();
    expect(brief(await decide({ person: { profileId: 'p_ada' }, slots: ['home-hero'] }))).toEqual([
      ['home-hero', 'FALLBACK', 'standard-hero', 'TIMEOUT'],
    ]);
    expect(performance.now() - started).toBeLessThan(2_500);
    release();
  });

  test('knows no slot before the first definition set', async () => {
    const answer = await decide({ person: { userId: '42' }, slots: ['home-hero'] }, { token: 'newcomer' });
    expect(answer).toMatchObject({ definitionSet: 0, slots: [{ status: 'ERROR', reason: { code: 'UNKNOWN_SLOT' } }] });
  });

  test.each([
    ['no token', '', 16, 'unauthenticated'],
    ['an unknown token', 'other', 16, 'unknown-credential'],
    ['a token without the scope', 'reader', 7, 'scope-missing'],
  ])('is refused with %s', async (_, token, code, reason) => {
    const error = await decide({ person: { userId: '42' }, slots: ['home-hero'] }, { token }).then(
      () => undefined,
      (refusal: unknown) => refusal as ServiceError,
    );
    expect(error?.code).toBe(code);
    expect(String(error?.metadata.get('grpc-status-details-bin')[0])).toContain(reason);
  });

  test('is refused only when malformed, with field, found and allowed', async () => {
    const refused = (request: object): Promise<string> =>
      decide(request).then(
        () => 'answered',
        ({ code, details }: ServiceError) => `${String(code)} ${details}`,
      );
    expect(await refused({ slots: ['home-hero'] })).toBe(
      '3 person: found no identifier, allowed is profile_id, user_id, anonymous_id or an entry of identities',
    );
    expect(await refused({ person: { userId: '42' } })).toBe(
      '3 slots: found 0 names, allowed is a list of 1 to 50 names of Slot definitions',
    );
    expect(await refused({ person: { userId: '42' }, slots: ['a'], deadlineMs: -5 })).toContain('3 deadline_ms: found -5');
  });

  test('takes and gives structures as deep as they may be', async () => {
    const nested = (depth: number): object =>
      depth === 0 ? { stringValue: '{{ context.x }}' } : { structValue: { fields: { a: nested(depth - 1) } } };
    let payload: unknown = '{{ context.page }}';
    for (let depth = 0; depth < 31; depth++) payload = depth % 2 === 0 ? { a: payload } : [payload];
    const documents = new Map([...SHOP.documents]);
    const deep = {
      apiVersion: 'tessera/v1',
      kind: 'Content',
      metadata: { name: 'standard-hero' },
      spec: { payload: { payload } },
    } as const;
    documents.set('Content', new Map([['standard-hero', deep]]));
    sets.set('shop', { ...SHOP, documents });
    const context = { fields: { page: { stringValue: 'deep' }, a: nested(30) } };
    const answer = await decide({ person: { userId: 'nobody' }, slots: ['home-hero'], context });
    sets.set('shop', SHOP);
    expect(JSON.stringify(answer.slots[0])).toContain('"stringValue":"deep"');
    await expect(
      decide({ person: { userId: 'nobody' }, slots: ['home-hero'], context: { fields: { a: nested(32) } } }),
    ).rejects.toThrow('deeper nesting');
  });
});

describe('POST /v1/decide', () => {
  test('is the same call in JSON', async () => {
    const { status, json } = await post(
      JSON.stringify({ person: { user_id: '42' }, slots: ['home-hero'], context: { page: 'home' } }),
    );
    expect(status).toBe(200);
    expect(json).toEqual({
      decisionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      profile: 'p_ada',
      slots: [
        {
          slot: 'home-hero',
          status: 'OK',
          content: 'ten-off',
          payload: { headline: 'Hi Ada, 10 % off', href: '/cart', tags: ['home', 1, true, null] },
          reason: {
            code: 'TARGETING_MATCH',
            detail: 'Rule 0 applies to members of cart-abandoners.',
            segment: 'cart-abandoners',
            rule: 0,
            memberSince: ENTERED,
            rules: [{ rule: 0, segment: 'cart-abandoners', content: 'ten-off', outcome: 'applied', detail: '' }],
          },
        },
      ],
      decided: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      stalenessMs: 7,
      definitionSet: 3,
    });
  });

  test.each<[string, Record<string, string> | undefined, number, string]>([
    ['{"person":{"userId":"42"},"slots":[]}', undefined, 400, 'invalid-field'],
    ['{"person":', undefined, 400, 'invalid-json'],
    ['', undefined, 400, 'invalid-json'],
    ['[]', undefined, 400, 'invalid-field'],
    ['{"person":{"userId":"42"},"slots":["home-hero"]}', {}, 401, 'unauthenticated'],
    ['{"person":{"userId":"42"},"slots":["home-hero"]}', { authorization: 'Bearer reader' }, 403, 'scope-missing'],
  ])('refuses %s %j', async (body, headers, status, code) => {
    expect(await post(body, headers)).toMatchObject({ status, json: { status, code } });
  });

  test('shows the fallback when the store is broken', async () => {
    store.before = () => Promise.reject(new Error('the disk is gone'));
    const { status, json } = await post('{"person":{"userId":"42"},"slots":["home-hero"]}');
    expect([status, brief(json as Answer)]).toEqual([200, [['home-hero', 'FALLBACK', 'standard-hero', 'UNAVAILABLE']]]);
  });
});

test('what was decided is logged behind the answers, and counted', async () => {
  const counters = server.app.get(DecisionCounters);
  const before = counters.answered;
  const answer = await decide({ person: { userId: '42' }, slots: ['home-hero'] });
  await settle();
  const [, record] = log.appended.at(-1) as (typeof log.appended)[0];
  expect(record).toMatchObject({
    key: 'shop/profile/p_ada',
    value: {
      kind: 'decisionMade',
      workspace: 'shop',
      decisionId: answer['decisionId'],
      profile: 'p_ada',
      slots: [{ slot: 'home-hero', status: 'FALLBACK', content: 'standard-hero', reason: 'RENDER_ERROR' }],
    },
  });
  expect([counters.answered - before, counters.logged > 0, counters.notLogged]).toEqual([1, true, 0]);
  expect([counters.timeouts, counters.unavailable > 0]).toEqual([3, true]);
});
