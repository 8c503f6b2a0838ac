// One trace id through five processes: HTTP, Kafka and MongoDB between them, spans sent to a collector, and nobody named by any of it.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { LogRecord } from '@tessera/runtime';
import { parseTraceParent } from '@tessera/runtime';
import { METRICS, prometheusName, type MetricName } from '@tessera/telemetry';
import { OtlpReceiver, readExposition } from '@tessera/testkit';
import { setTimeout as pause } from 'node:timers/promises';
import { adminCall } from './doors.js';
import { sharedServers, TestCluster } from './test-cluster.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const DEFINITIONS = `
apiVersion: tessera/v1
kind: Segment
metadata: { name: shoe-fans }
spec: { when: { event: Product Viewed, within: 1d } }
`;
const PERSONAL = /u-77351|lovelace|example\.com/i;

const receiver = await OtlpReceiver.open();
const cluster = await TestCluster.of({
  servers: sharedServers(),
  instances: 1,
  settings: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test' },
});

beforeAll(() => cluster.start(), 240_000);
afterAll(async () => {
  await cluster.end();
  await receiver.close();
});

async function eventually<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (const untilMs = Date.now() + 60_000; Date.now() < untilMs; await pause(100)) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error(`not within a minute: ${String(look)}`);
}

describe('one trace id', () => {
  let change: LogRecord;

  test('leads from an HTTP call to the change record on Kafka', async () => {
    await adminCall(cluster.httpOf('segments')[0] ?? '', '/api/v1/definitions:apply?wait=active', cluster.token, DEFINITIONS);
    const answer = await fetch(`${cluster.httpOf('ingestion')[0] ?? ''}/v1/track`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`${cluster.writeKey}:`).toString('base64')}`,
        traceparent: `00-${TRACE}-${PARENT}-01`,
      },
      body: JSON.stringify({
        userId: 'u-77351',
        event: 'Product Viewed',
        context: { traits: { email: 'lovelace@example.com' } },
      }),
    });
    expect(answer.status).toBe(200);
    change = await cluster.withPorts(({ log }) =>
      eventually(async () => {
        for (let partition = 0; partition < log.partitions('segment-changes'); partition++) {
          const { records } = await log.read('segment-changes', partition, 0, { records: 10, bytes: 1 << 20 });
          if (records[0] !== undefined) return records[0];
        }
        return undefined;
      }),
    );
    expect(parseTraceParent(change.headers?.['traceparent'])?.traceId).toBe(TRACE);
    expect(change.headers?.['ce_type']).toBe('tessera.profile.segments-changed.v1');
  }, 120_000);

  test('is on a span of every process that had a part in it, each under the one that caused it', async () => {
    const spans = await eventually(() => {
      const found = receiver.spans.filter(({ traceId }) => traceId === TRACE);
      return found.some(({ name }) => name === 'process segment-memberships') ? found : undefined;
    });
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const wayTo = (spanId: string | undefined): string[] => {
      const span = byId.get(spanId ?? '');
      return span === undefined ? [] : [...wayTo(span.parentSpanId), `${span.service}: ${span.name}`];
    };
    expect(wayTo(parseTraceParent(change.headers?.['traceparent'])?.spanId)).toEqual([
      'tessera-ingestion: POST /v1/track',
      'tessera-ingestion: send events',
      'tessera-features: process events',
      'tessera-segments: process fragments',
    ]);
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(['ingestion', 'identity', 'features', 'segments', 'decisions'].map((service) => `tessera-${service}`)),
    );
    expect(new Set(spans.map(({ attributes }) => attributes['messaging.system.name'] ?? 'kafka'))).toEqual(new Set(['kafka']));
  }, 90_000);
});

test('every metric of every process is in the catalog', async () => {
  const known = new Set((Object.keys(METRICS) as MetricName[]).map(prometheusName));
  for (const { service, ports } of cluster.processes) {
    const families = readExposition(await (await fetch(`http://127.0.0.1:${String(ports.ops)}/metrics`)).text());
    expect([service, [...families.keys()].filter((name) => !known.has(name))]).toEqual([service, []]);
    expect([service, families.has('process_cpu_time_seconds_total')]).toEqual([service, true]);
  }
});

test('no process names anybody in its journal or its spans', () => {
  for (const { name, journal } of cluster.processes) expect([name, PERSONAL.exec(journal)?.[0]]).toEqual([name, undefined]);
  expect(PERSONAL.exec(receiver.bodies.join(''))?.[0]).toBeUndefined();
  for (const line of cluster.processes.flatMap(({ journal }) => journal.trim().split('\n')))
    expect(Object.keys(JSON.parse(line) as object)).toContain('severity');
});
