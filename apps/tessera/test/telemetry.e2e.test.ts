// What the whole system tells of itself, as an operator gets it: a collector of spans, a scraper of metrics, a reader of the journal.
import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { credentials as channel, loadPackageDefinition, Metadata } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { DECISIONS_PROTO } from '@tessera/app-decisions';
import { parseTraceParent, type LogRecord } from '@tessera/runtime';
import { readConfig } from '@tessera/settings';
import { createJournal, METRICS, prometheusName, readTraceConfig, type MetricEntry, type MetricName } from '@tessera/telemetry';
import { OtlpReceiver, readExposition, type MetricFamily, type ReceivedSpan } from '@tessera/testkit';
import { openEmbedded, type Embedded } from '../src/embedded.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;
const DEFINITIONS = `
apiVersion: tessera/v1
kind: Segment
metadata: { name: shoe-fans }
spec: { when: { event: Product Viewed, where: { properties.category: shoes }, within: 1d } }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: just-looked }
spec: { when: { event: Product Viewed, within: 1s } }
---
apiVersion: tessera/v1
kind: Content
metadata: { name: welcome }
spec: { payload: { headline: Welcome } }
---
apiVersion: tessera/v1
kind: Slot
metadata: { name: home-hero }
spec: { rules: [], fallback: welcome }
`;
/** Of nobody: what must be nowhere but in the log and the state. */
const PERSON = {
  userId: 'u-77351',
  anonymousId: 'device-90210',
  traits: { email: 'ada.lovelace@example.com', firstName: 'Ada', lastName: 'Lovelace', phone: '+44 20 7946 0958' },
};
const PERSONAL = /u-77351|device-90210|lovelace|\+44 20|79460958|7946 0958|example\.com|203\.0\.113|Analytical/i;

const data = mkdtempSync(join(tmpdir(), 'tessera-telemetry-'));
let receiver: OtlpReceiver;
let embedded: Embedded;
let journal = '';
let authorization = '';

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${embedded.endpoints.http}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

async function eventually<T>(look: () => T | undefined | Promise<T | undefined>, withinMs = 15_000): Promise<T> {
  for (const endMs = Date.now() + withinMs; Date.now() < endMs; await pause(20)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`not within ${String(withinMs)} ms: ${String(look)}`);
}

async function recordsOf(topic: 'segment-changes' | 'segment-memberships' | 'decisions'): Promise<readonly LogRecord[]> {
  const { log } = embedded.ports;
  const lanes = Array.from({ length: log.partitions(topic) }, (_, p) => log.read(topic, p, 0, { records: 1_000, bytes: 1e7 }));
  return (await Promise.all(lanes)).flatMap(({ records }) => records);
}

async function scrape(): Promise<ReadonlyMap<string, MetricFamily>> {
  return readExposition(await (await fetch(`${embedded.endpoints.ops}/metrics`)).text());
}

beforeAll(async () => {
  receiver = await OtlpReceiver.open();
  const traces = readTraceConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }, 'tessera');
  const stream = new PassThrough().on('data', (chunk: Buffer) => (journal += chunk.toString()));
  const history = readConfig({ TESSERA_ARCHIVE: join(data, 'archive'), TESSERA_ARCHIVE_DAYS: 'events=400' });
  const config = { ...history, data, httpPort: 0, grpcPort: 0, opsPort: 0 };
  embedded = await openEmbedded(config, createJournal('info', stream), traces);
  const [workspace] = embedded.credentials.workspaces;
  authorization = `Bearer ${workspace?.tokens.find(({ scopes }) => scopes.includes('admin'))?.token ?? ''}`;
  expect((await post('/api/v1/definitions:apply?wait=active', DEFINITIONS, { 'content-type': 'application/yaml' })).status).toBe(
    200,
  );
  authorization = `Basic ${Buffer.from(`${workspace?.writeKeys[0]?.key ?? ''}:`).toString('base64')}`;
});
afterAll(async () => {
  await embedded.stop();
  await receiver.close();
  rmSync(data, { recursive: true, force: true });
});

describe('one trace id', () => {
  let change: LogRecord;

  test('leads from an HTTP call to the change record', async () => {
    const event = { ...PERSON, traits: undefined, event: 'Product Viewed', properties: { category: 'shoes' } };
    expect((await post('/v1/track', event, { traceparent: TRACEPARENT })).status).toBe(200);
    [change] = (await eventually(async () => {
      const found = await recordsOf('segment-changes');
      return found.length > 0 ? found : undefined;
    })) as [LogRecord];
    expect(change.value).toMatchObject({ kind: 'segmentsChanged' });
    expect(parseTraceParent(change.headers?.['traceparent'])?.traceId).toBe(TRACE);
    expect(Number(change.headers?.['accepted'])).toBeGreaterThan(Date.now() - 60_000);
  });

  test('is on every step between, each under the one that caused it', async () => {
    const all = await eventually(() => {
      const spans = receiver.spans.filter(({ traceId }) => traceId === TRACE);
      return spans.some(({ name }) => name === 'process segment-memberships') ? spans : undefined;
    });
    const byId = new Map(all.map((span) => [span.spanId, span]));
    const wayTo = (spanId: string | undefined): string[] => {
      const span = byId.get(spanId ?? '');
      const stage = span?.attributes['tessera.stage'];
      return span === undefined ? [] : [...wayTo(span.parentSpanId), stage === undefined ? span.name : `${span.name} by ${String(stage)}`]; // prettier-ignore
    };
    const way = ['POST /v1/track', 'send events', 'process events by features', 'process fragments by segments'];
    expect(wayTo(parseTraceParent(change.headers?.['traceparent'])?.spanId)).toEqual(way);
    expect(all.find(({ name }) => name === 'POST /v1/track')?.parentSpanId).toBe(PARENT);
    const appends = (name: string) => all.filter((span) => span.name === name && span.kind === 3).map(({ parentSpanId }) => wayTo(parentSpanId)); // prettier-ignore
    expect(appends('send events')).toContainEqual(way.slice(0, 2));
    expect(appends('send fragments')).toContainEqual(way.slice(0, 3));
    expect(appends('send segment-changes')).toContainEqual(way);
    const steps = all.filter(({ name }) => name.startsWith('process ')).map(({ attributes }) => attributes['tessera.stage']);
    expect(steps).toEqual(expect.arrayContaining(['identity', 'graph', 'features', 'segments']));
    expect(byId.size).toBe(all.length);
    const orphans = all.filter(({ parentSpanId }) => parentSpanId !== PARENT && !byId.has(parentSpanId ?? ''));
    expect(orphans.map(({ name }) => name)).toEqual([]);
  });

  test('leads from a gRPC call to the decision record', async () => {
    const trace = 'b'.repeat(32);
    const { tessera } = loadPackageDefinition(
      loadSync(DECISIONS_PROTO.protoPath, { includeDirs: DECISIONS_PROTO.loader.includeDirs }),
    ) as never as { tessera: { decisions: { v1: { DecisionService: new (url: string, credentials: unknown) => Decider } } } };
    interface Decider {
      Decide(request: object, metadata: Metadata, done: (error: Error | null) => void): void;
      close(): void;
    }
    const client = new tessera.decisions.v1.DecisionService(embedded.endpoints.grpc, channel.createInsecure());
    const metadata = new Metadata();
    const token = embedded.credentials.workspaces[0]?.tokens.find(({ scopes }) => scopes.includes('decide'))?.token ?? '';
    metadata.set('authorization', `Bearer ${token}`);
    metadata.set('traceparent', `00-${trace}-${PARENT}-01`);
    const request = { person: { userId: PERSON.userId }, slots: ['home-hero'] };
    const failure = await new Promise((resolve) => client.Decide(request, metadata, resolve));
    client.close();
    expect(failure).toBeNull();
    const decision = await eventually(async () => (await recordsOf('decisions')).find(({ headers }) => headers !== undefined));
    const call = await eventually(() =>
      receiver.spans.find(({ name }) => name === 'tessera.decisions.v1.DecisionService/Decide'),
    );
    expect(parseTraceParent(decision.headers?.['traceparent'])).toEqual({ traceId: trace, spanId: call.spanId });
    expect([call.traceId, call.parentSpanId, call.attributes['rpc.status_code']]).toEqual([trace, PARENT, 'OK']);
  });

  test('is on nothing that a timer does', async () => {
    const exited = await eventually(async () =>
      (await recordsOf('segment-changes')).find(({ value }) => JSON.stringify(value).includes('"exited"')),
    );
    expect(exited.headers?.['traceparent']).toBeUndefined();
  });
});

describe('what is told', () => {
  const spans = (): readonly ReceivedSpan[] => receiver.spans;

  test('names nobody: not the journal, the spans, or the metrics, whatever was sent', async () => {
    const calls: readonly (readonly [string, unknown])[] = [
      ['/v1/identify', PERSON],
      ['/v1/track', { ...PERSON, event: 'Analytical Engine Bought', context: { ip: '203.0.113.9' } }],
      ['/v1/alias', { userId: PERSON.userId, previousId: PERSON.traits.email }],
      ['/v1/track', { ...PERSON, event: 7, properties: 'Lovelace' }],
      ['/v1/track', `{"userId":"${PERSON.userId}", "traits": {`],
      [
        '/v1/batch',
        {
          batch: [
            { type: 'track', event: 'x' },
            { type: 'nonsense', ...PERSON },
            { type: 'track', ...PERSON, event: 'Seen' },
          ],
        },
      ],
      [`/v1/nowhere/${PERSON.traits.email}`, PERSON],
    ];
    for (const [path, body] of calls) await post(path, body, { traceparent: TRACEPARENT });
    const nobody = await fetch(`${embedded.endpoints.http}/api/v1/profiles/${PERSON.traits.email}?email=${PERSON.traits.email}`);
    expect(nobody.status).toBeGreaterThanOrEqual(400);
    await eventually(() => (embedded.system.hosts.every(({ idle }) => idle) ? true : undefined));
    await pause(1_500);
    const metrics = await (await fetch(`${embedded.endpoints.ops}/metrics`)).text();
    expect(spans().length).toBeGreaterThan(20);
    for (const told of [journal, metrics, ...receiver.bodies]) expect(PERSONAL.exec(told)?.[0]).toBeUndefined();
  });

  test('is JSON lines in the journal, with a severity', () => {
    const lines = journal.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(['INFO', 'WARN', 'ERROR']).toContain(line['severity']);
  });

  test('as metrics is what the catalog says: names, types, labels', async () => {
    const known = new Map(
      (Object.keys(METRICS) as MetricName[]).map((name) => [prometheusName(name), METRICS[name] as MetricEntry]),
    );
    // The collector has a series once it has run, and is told of a moment later.
    const families = await eventually(async () => {
      Array.from({ length: 1_000_000 }, (_, i) => ({ i }));
      const found = await scrape();
      return found.has('v8js_gc_duration_seconds') ? found : undefined;
    });
    for (const { name, type, samples } of families.values()) {
      const entry = known.get(name);
      const labels = new Set(samples.flatMap((sample) => Object.keys(sample.labels)));
      labels.delete('le');
      const allowed = (entry?.labels ?? []).map((label) => label.replaceAll('.', '_'));
      expect([name, type, [...labels].filter((label) => !allowed.includes(label))]).toEqual([name, entry?.kind, []]);
    }
    // A process that has compacted nothing, and of which nothing was refused, has no series for it.
    const quiet = ['tessera_log_compacted_records_total'];
    expect([...known.keys()].filter((name) => !families.has(name) && !quiet.includes(name))).toEqual([]);
  });

  test('says how fresh the changes were, and how late the timers', async () => {
    const families = await scrape();
    const of = (name: string, label: string, value: string) => {
      const samples = families.get(name)?.samples.filter(({ labels }) => labels[label] === value) ?? [];
      return { count: samples.find((s) => s.name.endsWith('_count'))?.value ?? 0, sum: samples.find((s) => s.name.endsWith('_sum'))?.value ?? -1 }; // prettier-ignore
    };
    for (const found of [
      of('tessera_topic_freshness_seconds', 'topic', 'events'),
      of('tessera_topic_freshness_seconds', 'topic', 'segment-changes'),
      of('tessera_stage_freshness_seconds', 'stage', 'segments'),
      of('tessera_timer_lag_seconds', 'stage', 'features'),
    ]) {
      expect(found.count).toBeGreaterThan(0);
      expect(found.sum / found.count).toBeLessThan(10);
      expect(found.sum).toBeGreaterThanOrEqual(0);
    }
  });
});
