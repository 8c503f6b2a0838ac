// The tracking API over a listening server: the unmodified @segment/analytics-node client, the calls that Segment's browser client
// makes, and what happens under pressure and failure.
import 'reflect-metadata';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Analytics } from '@segment/analytics-node';
import type { DeadLetterRecord, TrackedRecord } from '@tessera/contracts';
import { DEFAULT_IDENTITY_RULES } from '@tessera/identity';
import { createHttpServer, credentialsOf } from '@tessera/nest';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { IngestionCounters, IngestionModule } from '../src/index.js';
import { RecordingLog } from './recording-log.js';

const nowMs = Date.parse('2026-01-05T09:00:00.000Z');
const log = new RecordingLog();
let generated = 0;
let app: NestFastifyApplication;
let url: string;
let counters: IngestionCounters;

beforeAll(async () => {
  const ingestion = IngestionModule.register({
    log,
    clock: { nowMs: () => nowMs, wait: () => Promise.resolve() },
    ids: { next: () => `generated-${String(++generated)}` },
    credentials: credentialsOf({
      writeKeys: [
        { key: 'wk_shop', workspace: 'shop', source: 'web' },
        { key: 'wk_strict', workspace: 'strict', source: 'site', origins: ['https://shop.example'] },
      ],
      tokens: [
        { token: 'tk_ingest', workspace: 'other', source: 'etl', scopes: ['ingest'] },
        { token: 'tk_read', workspace: 'other', source: 'etl', scopes: ['read'] },
      ],
    }),
    identityRules: () => DEFAULT_IDENTITY_RULES,
    limits: { inFlightEventsMax: 100 },
  });
  app = await createHttpServer(ingestion, { logger: false });
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  counters = app.get(IngestionCounters);
});
afterAll(() => app.close());
beforeEach(() => log.clear());

const events = (): TrackedRecord[] => log.values<TrackedRecord>('events');
const basic = (key: string): string => `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
const json = async (response: Response): Promise<Record<string, unknown>> => (await response.json()) as Record<string, unknown>;
function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = { authorization: basic('wk_shop') },
): Promise<Response> {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  return fetch(`${url}${path}`, { method: 'POST', body: new Uint8Array(bytes), headers });
}

/** Fails rather than waits for ever. */
async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !holds(); tries++) await wait(5);
  expect(holds()).toBe(true);
}

describe('the unmodified server client', () => {
  test('delivers every kind of call, in batches, and is told of no error', async () => {
    const analytics = new Analytics({ writeKey: 'wk_shop', host: url, flushAt: 3, flushInterval: 50, maxRetries: 0 });
    const errors: unknown[] = [];
    analytics.on('error', (error) => errors.push(error));
    const timestamp = new Date('2026-01-05T08:00:00.000Z');
    analytics.identify({ userId: 'u1', traits: { email: 'ann@shop.example' }, timestamp });
    analytics.track({ userId: 'u1', event: 'Order Completed', properties: { revenue: 9.5 }, timestamp });
    analytics.page({ anonymousId: 'd1', name: 'Home', category: 'Shop', timestamp });
    analytics.screen({ anonymousId: 'd1', name: 'Start', timestamp });
    analytics.group({ userId: 'u1', groupId: 'g1', traits: { plan: 'pro' }, timestamp });
    analytics.alias({ previousId: 'd1', userId: 'u1', timestamp });
    await analytics.closeAndFlush();
    expect(errors).toEqual([]);
    const summary = events().map(({ type, sender, event, workspace, source, messageId }) => [
      type,
      sender,
      event,
      workspace,
      source,
      messageId.startsWith('node-next-'),
    ]);
    expect(summary.sort()).toEqual([
      ['alias', 'anonymous_id:d1', undefined, 'shop', 'web', true],
      ['group', 'user_id:u1', undefined, 'shop', 'web', true],
      ['identify', 'user_id:u1', undefined, 'shop', 'web', true],
      ['page', 'anonymous_id:d1', 'Home', 'shop', 'web', true],
      ['screen', 'anonymous_id:d1', 'Start', 'shop', 'web', true],
      ['track', 'user_id:u1', 'Order Completed', 'shop', 'web', true],
    ]);
    expect(events().find(({ type }) => type === 'identify')).toMatchObject({
      identities: [{ namespace: 'email', value: 'ann@shop.example' }],
      traits: { email: 'ann@shop.example' },
      context: { library: { name: '@segment/analytics-node' } },
    });
  });

  test('waits as long as it is told under pressure, and delivers then', async () => {
    log.hold();
    const many = { batch: Array.from({ length: 100 }, (_, i) => ({ type: 'track', event: 'E', userId: `u${String(i)}` })) };
    const first = post('/v1/batch', many);
    await until(() => log.called > 0);
    const refused = await post('/v1/track', { event: 'E', userId: 'late' });
    expect([refused.status, refused.headers.get('retry-after'), refused.headers.get('x-ratelimit-reset')]).toEqual([
      429,
      '1',
      '1',
    ]);
    expect(await json(refused)).toMatchObject({ code: 'overloaded', next: expect.stringContaining('Retry-After') });
    const analytics = new Analytics({ writeKey: 'wk_shop', host: url, flushAt: 1, maxRetries: 1 });
    const statuses: number[] = [];
    analytics.on('http_response', ({ status }) => statuses.push(status));
    analytics.track({ userId: 'patient', event: 'E' });
    await until(() => statuses.length > 0);
    log.open();
    expect((await first).status).toBe(200);
    await analytics.closeAndFlush();
    expect(statuses).toEqual([429, 200]);
    expect(events().filter(({ userId }) => userId === 'patient').length).toBe(1);
  });
});

describe('the calls of the browser client', () => {
  const origin = 'https://shop.example';
  test('come as text with the key in the body, and are answered for their origin', async () => {
    const body = JSON.stringify({
      timestamp: '2026-01-05T11:59:58.000Z',
      integrations: {},
      type: 'track',
      event: 'Product Viewed',
      anonymousId: 'browser-1',
      userId: null,
      properties: { sku: 'X-1' },
      context: {
        page: { path: '/x' },
        userAgent: 'UA',
        campaign: { source: 'mail' },
        consent: { categoryPreferences: { Ads: true } },
      },
      messageId: 'ajs-next-1',
      writeKey: 'wk_shop',
      sentAt: '2026-01-05T12:00:00.000Z',
      _metadata: { bundled: ['Segment.io'], unbundled: [], bundledIds: [] },
    });
    const response = await fetch(`${url}/v1/t`, {
      method: 'post',
      credentials: 'omit',
      headers: { 'content-type': 'text/plain', origin },
      body,
    });
    expect([response.status, await response.json(), response.headers.get('access-control-allow-origin')]).toEqual([
      200,
      { success: true },
      origin,
    ]);
    expect(events()).toMatchObject([
      {
        type: 'track',
        event: 'Product Viewed',
        sender: 'anonymous_id:browser-1',
        userId: undefined,
        messageId: 'ajs-next-1',
        timeMs: nowMs - 2000,
        consent: { purposes: { Ads: true } },
        context: { campaign: { source: 'mail' } },
      },
    ]);
  });

  test('come by every short name, and in its batches', async () => {
    const call = { anonymousId: 'd1', userId: 'u1', previousId: 'd1', groupId: 'g', event: 'E', writeKey: 'wk_shop' };
    for (const door of ['t', 'i', 'p', 's', 'g', 'a'])
      expect((await post(`/v1/${door}`, call, { 'content-type': 'text/plain' })).status).toBe(200);
    const batch = { writeKey: 'wk_shop', sentAt: '2026-01-05T09:00:00Z', batch: [{ ...call, type: 'track' }] };
    expect((await post('/v1/b', batch, { 'content-type': 'text/plain' })).status).toBe(200);
    expect(events().map(({ type }) => type)).toEqual(['track', 'identify', 'page', 'screen', 'group', 'alias', 'track']);
  });

  test('may be asked for beforehand', async () => {
    const response = await fetch(`${url}/v1/t`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,x-own' },
    });
    const header = (name: string): string | null => response.headers.get(`access-control-allow-${name}`);
    expect([response.status, header('origin'), header('methods'), header('headers')]).toEqual([
      204,
      origin,
      'GET, POST, OPTIONS',
      'authorization,x-own',
    ]);
  });

  test('are refused from an origin that the source does not list, and store nothing', async () => {
    const call = { writeKey: 'wk_strict', event: 'E', anonymousId: 'd1' };
    const evil = await post('/v1/t', call, { origin: 'https://evil.example', 'content-type': 'text/plain' });
    expect([evil.status, evil.headers.get('access-control-allow-origin'), (await json(evil))['code']]).toEqual([
      403,
      null,
      'origin-not-allowed',
    ]);
    expect((await post('/v1/t', call, { origin, 'content-type': 'text/plain' })).status).toBe(200);
    expect(events().length).toBe(1);
  });

  test('begin with settings that send everything here', async () => {
    const response = await fetch(`${url}/v1/projects/wk_shop/settings`, { headers: { origin } });
    const host = new URL(url).host;
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect(await response.json()).toMatchObject({
      integrations: { 'Segment.io': { apiKey: 'wk_shop', apiHost: `${host}/v1`, protocol: 'http' } },
      plan: { track: { __default: { enabled: true } } },
      remotePlugins: [],
    });
    expect((await fetch(`${url}/v1/projects/wk_unknown/settings`)).status).toBe(404);
  });

  test('may be a picture', async () => {
    const data = Buffer.from(
      JSON.stringify({ writeKey: 'wk_shop', userId: 'u1', event: 'Email Opened', messageId: 'px>>??' }),
    ).toString('base64');
    for (const [query, status] of [
      [`data=${data}`, 200],
      [`data=${encodeURIComponent(data)}`, 200],
      ['data=%%%', 400],
      [`data=${Buffer.from('{"writeKey":"no"}').toString('base64url')}`, 401],
      ['', 400],
    ] as const) {
      const response = await fetch(`${url}/v1/pixel/track?${query}`);
      const bytes = Buffer.from(await response.arrayBuffer());
      expect([query, response.status, response.headers.get('content-type'), bytes.subarray(0, 6).toString()]).toEqual([
        query,
        status,
        'image/gif',
        'GIF89a',
      ]);
    }
    expect(events().map(({ event }) => event)).toEqual(['Email Opened', 'Email Opened']);
  });
});

describe('a credential', () => {
  const call = { event: 'E', userId: 'u1' };
  test.each<[string, string, Record<string, unknown>, Record<string, string>, number, string]>([
    ['a write key in the header', '', {}, { authorization: basic('wk_shop') }, 200, 'shop'],
    ['a write key in the query', '?writeKey=wk_shop', {}, {}, 200, 'shop'],
    ['a write key in the body', '', { writeKey: 'wk_shop' }, {}, 200, 'shop'],
    ['a token with the scope', '', {}, { authorization: 'Bearer tk_ingest' }, 200, 'other'],
    [
      'a token beside a key of another workspace',
      '',
      { writeKey: 'wk_shop' },
      { authorization: 'Bearer tk_ingest' },
      200,
      'other',
    ],
    [
      'a wrong header beside a right key',
      '',
      { writeKey: 'wk_shop' },
      { authorization: basic('wk_x') },
      401,
      'unknown-credential',
    ],
    ['an unknown key', '', { writeKey: 'wk_x' }, {}, 401, 'unknown-credential'],
    ['a token without the scope', '', {}, { authorization: 'Bearer tk_read' }, 403, 'scope-missing'],
    ['a token as a key', '', { writeKey: 'tk_ingest' }, {}, 401, 'unknown-credential'],
    ['none', '', {}, {}, 401, 'unauthenticated'],
    ['another scheme', '', {}, { authorization: 'Digest x' }, 401, 'unauthenticated'],
  ])('%s', async (_, query, fields, headers, status, expected) => {
    const response = await post(`/v1/track${query}`, { ...call, ...fields }, headers);
    const found = response.status === 200 ? events()[0]?.workspace : (await json(response))['code'];
    expect([response.status, found]).toEqual([status, expected]);
    expect(events().length).toBe(status === 200 ? 1 : 0);
  });
});

describe('a request', () => {
  test('with good and bad events is answered with 200 and a verdict for each that was not accepted; those go to the dead letters', async () => {
    const before = { ...counters };
    const deep = `{"type":"track","event":"E","userId":"u1","properties":${'{"a":'.repeat(40)}1${'}'.repeat(40)}}`;
    const good = '{"type":"track","event":"E","userId":"u1","messageId":"m1"}';
    const response = await post('/v1/batch', `{"batch":[${good}, ${deep} ,{"type":"x"},${good}]}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      success: true,
      verdicts: [
        { index: 1, verdict: 'refused', reason: 'too-deep', detail: expect.stringContaining('32') },
        { index: 2, verdict: 'refused', reason: 'unknown-type', field: 'type', detail: expect.stringContaining('"x"') },
        { index: 3, verdict: 'duplicate', messageId: 'm1' },
      ],
    });
    expect(events().map(({ messageId }) => messageId)).toEqual(['m1']);
    const letters = log.values<DeadLetterRecord>('dead-letters');
    expect(letters.map(({ reason, place, workspace }) => [reason, place, workspace])).toEqual([
      ['too-deep', 'ingestion /v1/batch[1]', 'shop'],
      ['unknown-type', 'ingestion /v1/batch[2]', 'shop'],
    ]);
    expect(Buffer.from(letters[0]?.original ?? []).toString()).toBe(deep);
    expect([
      counters.received - before.received,
      counters.accepted - before.accepted,
      counters.duplicateInRequest - before.duplicateInRequest,
    ]).toEqual([4, 1, 1]);
  });

  test.each<[string, string, string | Buffer, number, string]>([
    ['not JSON', '/v1/track', '{"event":', 400, 'invalid-json'],
    ['empty', '/v1/track', '', 400, 'invalid-json'],
    ['an array for a call', '/v1/track', '[]', 400, 'invalid-json'],
    [
      'one broken event in a batch',
      '/v1/batch',
      '{"batch":[{"type":"track","event":"E","userId":"u1"},{"a":tru}]}',
      400,
      'invalid-json',
    ],
    ['no batch', '/v1/batch', '{}', 400, 'invalid-field'],
    ['an event above 32 KB', '/v1/track', `{"event":"${'x'.repeat(33_000)}"}`, 400, 'body-too-large'],
    ['a body above 500 KB', '/v1/batch', `{"batch":["${'x'.repeat(513_000)}"]}`, 400, 'body-too-large'],
    ['2,501 events', '/v1/batch', `{"batch":[${Array(2501).fill('{}').join(',')}]}`, 400, 'body-too-large'],
    ['a nesting bomb', '/v1/track', '['.repeat(400_000), 400, 'invalid-json'],
    ['bytes that are no UTF-8', '/v1/track', Buffer.from([0x7b, 0xff, 0x7d]), 400, 'invalid-json'],
    ['no such call', '/v1/click', '{}', 404, 'not-found'],
  ])('that is %s is refused as a whole', async (_, path, body, status, code) => {
    const response = await post(path, body);
    const problem = await json(response);
    expect([response.status, problem['code'], problem['status']]).toEqual([status, code, status]);
    expect(log.durable).toEqual([]);
  });

  test('may be compressed, and a bomb is not inflated', async () => {
    const headers = { authorization: basic('wk_shop'), 'content-encoding': 'gzip' };
    const good = await post('/v1/track', gzipSync('{"event":"E","userId":"u1"}'), headers);
    const bomb = await post('/v1/track', gzipSync(Buffer.alloc(50_000_000, '[')), headers);
    expect([good.status, bomb.status, (await json(bomb))['code']]).toEqual([200, 400, 'body-too-large']);
  });

  test('is not answered before its events are durable', async () => {
    log.hold();
    let answered = false;
    const response = post('/v1/track', { event: 'E', userId: 'u1' }).finally(() => (answered = true));
    await until(() => log.called > 0);
    await wait(50);
    expect([answered, log.durable.length]).toEqual([false, 0]);
    log.open();
    expect((await response).status).toBe(200);
    expect(log.durable.length).toBe(1);
  });

  test('is told to come again when the log refuses, and works then', async () => {
    log.fails = true;
    const refused = await post('/v1/track', { event: 'E', userId: 'u1' });
    log.fails = false;
    expect([refused.status, refused.headers.get('retry-after'), (await json(refused))['code']]).toEqual([
      503,
      '1',
      'unavailable',
    ]);
    expect((await post('/v1/track', { event: 'E', userId: 'u1' })).status).toBe(200);
  });

  test('of history is taken at its word', async () => {
    const sentAt = '2024-06-01T00:00:00.000Z';
    const call = { type: 'track', event: 'E', userId: 'u1', timestamp: '2024-05-31T00:00:00.000Z' };
    await post('/v1/import', { batch: [call], sentAt });
    await post('/v1/batch', { batch: [call], sentAt });
    expect(events().map(({ timeMs }) => nowMs - timeMs)).toEqual([nowMs - Date.parse(call.timestamp), 86_400_000]);
  });
});

describe('CloudEvents', () => {
  const event = { specversion: '1.0', id: '1', source: '/erp', type: 'Order Shipped', subject: 'u1', data: { parcel: 7 } };
  const headers = { authorization: 'Bearer tk_ingest', 'content-type': 'application/cloudevents+json' };
  test('come structured, in batches and binary', async () => {
    const binary = {
      authorization: 'Bearer tk_ingest',
      'ce-specversion': '1.0',
      'ce-id': '3',
      'ce-source': '/erp',
      'ce-type': 'Order Shipped',
      'ce-anonymousid': 'd1',
      'content-type': 'application/json',
    };
    expect((await post('/v1/events', event, headers)).status).toBe(200);
    const batch = await post(
      '/v1/events',
      [
        { ...event, id: '2' },
        { ...event, id: '' },
      ],
      headers,
    );
    expect(await json(batch)).toMatchObject({ verdicts: [{ index: 1, reason: 'invalid-field', field: 'id' }] });
    expect((await post('/v1/events', { parcel: 8 }, binary)).status).toBe(200);
    expect((await post('/v1/events', '', { ...binary, 'ce-id': '4' })).status).toBe(200);
    expect(
      events().map(({ sender, event: name, messageId, properties, workspace }) => [
        sender,
        name,
        messageId,
        properties,
        workspace,
      ]),
    ).toEqual([
      ['user_id:u1', 'Order Shipped', '/erp 1', { parcel: 7 }, 'other'],
      ['user_id:u1', 'Order Shipped', '/erp 2', { parcel: 7 }, 'other'],
      ['anonymous_id:d1', 'Order Shipped', '/erp 3', { parcel: 8 }, 'other'],
      ['anonymous_id:d1', 'Order Shipped', '/erp 4', undefined, 'other'],
    ]);
  });
});

test('every event that was received is accounted for', () => {
  const deadLettered = [...counters.deadLettered.values()].reduce((sum, count) => sum + count, 0);
  expect(counters.received).toBe(counters.accepted + counters.duplicateInRequest + deadLettered + counters.notDurable);
  expect(counters.received).toBeGreaterThan(100);
  expect(counters.refused.get('overloaded')).toBeGreaterThanOrEqual(2);
});
