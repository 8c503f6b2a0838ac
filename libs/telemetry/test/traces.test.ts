import { keyOf } from '@tessera/contracts';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { OtlpReceiver, readExposition, type ReceivedSpan } from '@tessera/testkit';
import { ACCEPTED, parseTraceParent, TRACEPARENT, type EventLog, type NewRecord, type StateStore } from '@tessera/runtime';
import { activeTrace, createTelemetry, readTraceConfig, type Telemetry } from '../src/index.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const OTHER = '11f067aa0ba902b7';
const named = (spanId: string, traceId = TRACE): string => `00-${traceId}-${spanId}-01`;
const key = keyOf('main', 'sender', 'user_id:ada@example.com');
const record = (headers?: Record<string, string>): NewRecord => ({ key, value: null, ...(headers && { headers }) });
const SECRET = 'token-of-the-collector';

/** A log that takes everything, gives what it is told to, and fails when it is told to. */
function stubLog(): EventLog & { failure: Error | undefined; appended: (readonly NewRecord[])[] } {
  const log = {
    clock: 'append' as const,
    failure: undefined as Error | undefined,
    appended: [] as (readonly NewRecord[])[],
    partitions: () => 8,
    append: (_topic: unknown, _partition: unknown, records: readonly NewRecord[]) => {
      if (log.failure) return Promise.reject(log.failure);
      log.appended.push(records);
      return Promise.resolve({ firstOffset: 0 });
    },
    read: () => {
      const records = log.appended.flat().map((appended, offset) => ({ ...appended, offset, stampMs: 0 }));
      return Promise.resolve({ records, nextOffset: records.length });
    },
    startOffset: () => Promise.resolve(0),
    endOffset: () => Promise.resolve(0),
    subscribe: () => () => undefined,
    close: () => Promise.resolve(),
  };
  return log;
}

describe('traces', () => {
  let receiver: OtlpReceiver;
  let telemetry: Telemetry;
  let nowMs = 1_700_000_000_000;

  beforeAll(async () => {
    receiver = await OtlpReceiver.open();
    telemetry = createTelemetry({
      traces: readTraceConfig(
        { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint, OTEL_EXPORTER_OTLP_HEADERS: `authorization=${SECRET}` },
        'test',
      ),
      logSystem: 'kafka',
      storeSystem: 'mongodb',
      nowMs: () => nowMs,
    });
  });

  afterAll(async () => {
    await telemetry.close();
    await receiver.close();
  });

  const spansOf = async (name: string): Promise<readonly ReceivedSpan[]> => {
    for (let i = 0; i < 100 && !receiver.spans.some((span) => span.name === name); i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return receiver.spans.filter((span) => span.name === name);
  };

  test('an append of several traces is one span, in the first of them, with links to the others', async () => {
    const log = stubLog();
    const traced = telemetry.log(log);
    const another = 'a'.repeat(32);
    const records = [record(), record({ traceparent: named(PARENT) }), record({ traceparent: named(OTHER, another) }), record({ traceparent: named(PARENT) })]; // prettier-ignore
    await traced.append('fragments', 3, records);
    expect(log.appended).toEqual([records]);
    expect(await spansOf('send fragments')).toMatchObject([
      {
        service: 'test',
        kind: 3,
        traceId: TRACE,
        parentSpanId: PARENT,
        links: [{ traceId: another, spanId: OTHER }],
        attributes: {
          'messaging.system.name': 'kafka',
          'messaging.destination.name': 'fragments',
          'messaging.destination.partition.id': '3',
          'messaging.operation.name': 'send',
          'messaging.operation.type': 'send',
          'messaging.batch.message_count': 4,
        },
      },
    ]);
    expect(receiver.headers[0]).toMatchObject({ authorization: SECRET });
  });

  test('a read that brings traced records is a span too', async () => {
    const traced = telemetry.log(stubLog());
    await traced.append('links', 0, [record({ traceparent: named(PARENT) }), record({ traceparent: named(OTHER) })]);
    await traced.read('links', 0, 0, { records: 10, bytes: 1e6 });
    expect(await spansOf('poll links')).toMatchObject([
      { parentSpanId: PARENT, links: [{ traceId: TRACE, spanId: OTHER }], attributes: { 'messaging.operation.type': 'receive' } },
    ]);
  });

  test('an append that fails is told with the type of its error, and rejects as it did', async () => {
    const log = stubLog();
    log.failure = new RangeError(`no room for ${key}`);
    await expect(telemetry.log(log).append('decisions', 0, [record({ traceparent: named(PARENT) })])).rejects.toBe(log.failure);
    expect(await spansOf('send decisions')).toMatchObject([{ status: 2, attributes: { 'error.type': 'RangeError' } }]);
    const family = readExposition(await telemetry.metrics.text()).get('messaging_client_operation_duration_seconds');
    expect(
      family?.samples.find(({ name, labels }) => name.endsWith('_count') && labels['error_type'] === 'RangeError')?.value,
    ).toBe(1);
  });

  test('a step is a span of the id that its outputs name, in the group of its stage', async () => {
    const observer = telemetry.observe({ name: 'features', input: 'events' });
    const parent = { traceId: TRACE, spanId: PARENT };
    const span = { traceId: TRACE, spanId: '2222222222222222' };
    observer.stepping({ partition: 1, offset: 9, parent, span, acceptedMs: nowMs - 40 })(
      { kind: 'late', reason: 'stale-version' },
      2,
    );
    expect(await spansOf('process events')).toMatchObject([
      {
        kind: 5,
        traceId: TRACE,
        spanId: span.spanId,
        parentSpanId: PARENT,
        attributes: {
          'messaging.consumer.group.name': 'features',
          'messaging.kafka.offset': 9,
          'tessera.outcome': 'late',
          'tessera.reason': 'stale-version',
          'tessera.outputs': 2,
        },
      },
    ]);
    observer.timerFires(nowMs - 2_000);
    const text = readExposition(await telemetry.metrics.text());
    const bucket = (name: string, le: string) => text.get(name)?.samples.find(({ labels }) => labels['stage'] === 'features' && labels['le'] === le)?.value; // prettier-ignore
    expect([bucket('tessera_stage_freshness_seconds', '0.025'), bucket('tessera_stage_freshness_seconds', '0.05')]).toEqual([
      0, 1,
    ]);
    expect([bucket('tessera_timer_lag_seconds', '1'), bucket('tessera_timer_lag_seconds', '2.5')]).toEqual([0, 1]);
  });

  test('a request that is traced sends records that name its span; one in 100 ms says when it was accepted', async () => {
    const server = telemetry.tracing.start({
      name: 'POST /v1/track',
      kind: 'server',
      attributes: {},
      remote: { traceparent: named(PARENT) },
    });
    const sending = telemetry.tracing.within(server, () => telemetry.sender('events', 2, nowMs));
    sending.ended();
    server?.end();
    const cause = parseTraceParent(sending.headers?.[TRACEPARENT]);
    expect(sending.first).toEqual({ ...sending.headers, [ACCEPTED]: String(nowMs) });
    const [send] = await spansOf('send events');
    const [request] = await spansOf('POST /v1/track');
    expect([send?.kind, send?.traceId, send?.spanId, send?.parentSpanId]).toEqual([4, TRACE, cause?.spanId, request?.spanId]);
    expect([request?.traceId, request?.parentSpanId]).toEqual([TRACE, PARENT]);
    const untraced = [50, 99, 100, 120].map((later) => telemetry.sender('events', 1, nowMs + later));
    expect(untraced.map(({ headers, first }) => [headers, first?.[ACCEPTED]])).toEqual([
      [undefined, undefined],
      [undefined, undefined],
      [undefined, String(nowMs + 100)],
      [undefined, undefined],
    ]);
  });

  test.each([
    ['a trace that its caller does not sample', named(PARENT).replace(/01$/, '00')],
    ['a disabled process', undefined],
  ])('%s leaves no span', (_case, traceparent) => {
    const off = createTelemetry({ traces: readTraceConfig({}, 'off'), logSystem: 'tessera', storeSystem: 'lmdb' });
    const { tracing } = traceparent === undefined ? off : telemetry;
    const span = tracing.start({
      name: 'GET /',
      kind: 'server',
      attributes: {},
      ...(traceparent && { remote: { traceparent } }),
    });
    expect([span, tracing.within(span, () => activeTrace())]).toEqual([undefined, undefined]);
    return off.close();
  });

  test('say nothing of anybody', async () => {
    await spansOf('send events');
    // Ids of traces and spans are random hexadecimal digits, in which there is an "ada" now and then.
    const sent = receiver.bodies.join('').replace(/"(?:[0-9a-f]{32}|[0-9a-f]{16})"/g, '""');
    expect(sent).not.toMatch(/ada|user_id|@/);
  });

  test('freshness is from the acceptance to the durable record', async () => {
    nowMs += 1_000;
    const accepted = String(nowMs - 60);
    await telemetry.log(stubLog()).append('segment-changes', 0, [record(), record({ accepted })]);
    const family = readExposition(await telemetry.metrics.text()).get('tessera_topic_freshness_seconds');
    const count = (le: string) => family?.samples.find(({ labels }) => labels['topic'] === 'segment-changes' && labels['le'] === le)?.value; // prettier-ignore
    expect([count('0.05'), count('0.1'), count('+Inf')]).toEqual([0, 1, 1]);
  });

  test('a checkpoint lasts from its first document to that of its partition', async () => {
    const written = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15));
    const store = telemetry.store({
      write: () => written().then(() => 0),
      writePartition: written,
      load: () => Promise.reject(new TypeError('away')),
    } as unknown as StateStore);
    const space = { stage: 'features', partition: 0 };
    await store.write(space, []);
    await store.writePartition(space, { nextOffset: 1, logTimeMs: 0, bytes: new Uint8Array() });
    await expect(store.load(space, [])).rejects.toThrow('away');
    const text = readExposition(await telemetry.metrics.text());
    const checkpoints = text.get('tessera_checkpoint_duration_seconds')?.samples ?? [];
    const sum = checkpoints.find(({ name }) => name.endsWith('_sum'))?.value ?? 0;
    expect([checkpoints.find(({ name }) => name.endsWith('_count'))?.value, sum > 0.025 && sum < 5]).toEqual([1, true]);
    const failures = text.get('db_client_operation_duration_seconds')?.samples.filter(({ name, labels }) => name.endsWith('_count') && labels['error_type']); // prettier-ignore
    expect(failures).toMatchObject([
      { value: 1, labels: { db_operation_name: 'load', error_type: 'TypeError', db_system_name: 'mongodb' } },
    ]);
  });
});
