import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { credentials as channel, loadPackageDefinition, Metadata, type ServiceError } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { Controller, Get, Module, Param } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { activeTrace, createJournal, createTelemetry, readTraceConfig, type Telemetry } from '@tessera/telemetry';
import { OtlpReceiver, readExposition, type MetricSample, type ReceivedSpan } from '@tessera/testkit';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { createHttpServer, GRPC_LOADER, grpcServer, nestLogger, ProblemException } from '../src/index.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;
const here = fileURLToPath(new URL('.', import.meta.url));
const contract = { package: 'probe', service: 'probe.Probe', protoPath: `${here}probe.proto`, includeDir: here };

/** Trace ids that handlers were in. */
const seen: (string | undefined)[] = [];

@Controller()
class ProbeController {
  @Get('people/:person')
  async person(@Param('person') person: string): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 2));
    seen.push(activeTrace()?.traceId);
    if (person === 'bug') throw new Error('a bug about ada@example.com');
    return 'found';
  }

  @GrpcMethod('Probe', 'Ask')
  ask({ text }: { text: string }): { text: string } {
    seen.push(activeTrace()?.traceId);
    if (text === 'refuse') throw new ProblemException('invalid-field', { detail: 'No.', field: 'text', found: text });
    if (text === 'crash') throw new Error('secret text');
    return { text };
  }
}

@Module({ controllers: [ProbeController] })
class ProbeModule {}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

describe('doors that are watched', () => {
  let receiver: OtlpReceiver;
  let telemetry: Telemetry;
  let app: NestFastifyApplication;
  let url = '';
  let ask: (text: string, metadata?: Record<string, string>) => Promise<string>;
  let told = '';

  beforeAll(async () => {
    receiver = await OtlpReceiver.open();
    telemetry = createTelemetry({
      traces: readTraceConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }, 'doors'),
      logSystem: 'tessera',
      storeSystem: 'lmdb',
    });
    const stream = new PassThrough().on('data', (chunk: Buffer) => (told += chunk.toString()));
    const logger = nestLogger(createJournal('info', stream));
    app = await createHttpServer(ProbeModule, { telemetry, logger });
    const address = `127.0.0.1:${String(await freePort())}`;
    const grpc = grpcServer([contract], { url: address, reflection: false, telemetry });
    app.connectMicroservice(grpc.options, { inheritAppConfig: true });
    await app.startAllMicroservices();
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    const { probe } = loadPackageDefinition(loadSync(contract.protoPath, GRPC_LOADER)) as unknown as {
      probe: { Probe: new (url: string, credentials: unknown) => { Ask: (...given: unknown[]) => void; close(): void } };
    };
    const client = new probe.Probe(address, channel.createInsecure());
    ask = (text, headers = {}) =>
      new Promise((resolve) => {
        const metadata = new Metadata();
        for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
        client.Ask({ text }, metadata, (error: ServiceError | null, answer?: { text: string }) =>
          resolve(error ? `status ${String(error.code)}` : (answer?.text ?? '')),
        );
      });
    closeClient = () => client.close();
  });
  let closeClient: () => void = () => undefined;

  afterAll(async () => {
    closeClient();
    await app.close();
    await telemetry.close();
    await receiver.close();
  });

  const spans = async (count: number, name: string): Promise<readonly ReceivedSpan[]> => {
    for (let i = 0; i < 100 && receiver.spans.filter((span) => span.name === name).length < count; i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    return receiver.spans.filter((span) => span.name === name);
  };
  const counts = async (name: string): Promise<readonly MetricSample['labels'][]> =>
    (readExposition(await telemetry.metrics.text()).get(name)?.samples ?? [])
      .filter((sample) => sample.name.endsWith('_count') && sample.value > 0)
      .map(({ labels }) => labels);

  test('an HTTP request goes on with the trace of its caller, its handler is in it, and only the route is told', async () => {
    const headers = { traceparent: TRACEPARENT };
    expect((await fetch(`${url}/people/ada@example.com?token=secret`, { headers })).status).toBe(200);
    expect((await fetch(`${url}/people/bug`)).status).toBe(500);
    expect((await fetch(`${url}/nowhere/ada@example.com`)).status).toBe(404);
    const found = await spans(2, 'GET /people/:person');
    expect(found).toMatchObject([
      {
        kind: 2,
        traceId: TRACE,
        parentSpanId: '00f067aa0ba902b7',
        status: 0,
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/people/:person',
          'http.response.status_code': 200,
          'url.scheme': 'http',
        },
      },
      { status: 2, attributes: { 'http.response.status_code': 500, 'error.type': '500' } },
    ]);
    expect(found[1]?.traceId).toMatch(/^(?!4bf9)[0-9a-f]{32}$/);
    expect(seen.splice(0)).toEqual([TRACE, found[1]?.traceId]);
    const route = { http_request_method: 'GET', http_route: '/people/:person', url_scheme: 'http' };
    expect(await counts('http_server_request_duration_seconds')).toEqual([
      { ...route, http_response_status_code: '200' },
      { ...route, http_response_status_code: '500', error_type: '500' },
      { http_request_method: 'GET', url_scheme: 'http', http_response_status_code: '404' },
    ]);
  });

  test('a bug is in the journal, in its trace, and names nobody', async () => {
    const [, bug] = await spans(2, 'GET /people/:person');
    const line = JSON.parse(told.split('\n').find((text) => text.includes('a bug about')) ?? '{}') as Record<string, unknown>;
    expect([line['severity'], line['trace_id'], line['span_id']]).toEqual(['WARN', bug?.traceId, bug?.spanId]);
    expect(line['error']).toContain('a bug about [e-mail]');
  });

  test('a gRPC call goes on with the trace of its metadata; a refusal is no fault, a crash is', async () => {
    expect(await ask('hello', { traceparent: TRACEPARENT })).toBe('hello');
    expect(await ask('refuse', { traceparent: TRACEPARENT })).toBe('status 3');
    expect(await ask('crash', { traceparent: TRACEPARENT })).toBe('status 13');
    const call = { kind: 2, traceId: TRACE, parentSpanId: '00f067aa0ba902b7' };
    const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': 'probe.Probe/Ask' };
    expect(await spans(3, 'probe.Probe/Ask')).toMatchObject([
      { ...call, status: 0, attributes: { ...attributes, 'rpc.status_code': 'OK' } },
      { ...call, status: 0, attributes: { ...attributes, 'rpc.status_code': 'INVALID_ARGUMENT' } },
      { ...call, status: 2, attributes: { ...attributes, 'rpc.status_code': 'INTERNAL', 'error.type': 'INTERNAL' } },
    ]);
    expect(seen.splice(0)).toEqual([TRACE, TRACE, TRACE]);
    const method = { rpc_system_name: 'grpc', rpc_method: 'probe.Probe/Ask' };
    expect(await counts('rpc_server_call_duration_seconds')).toEqual([
      { ...method, rpc_status_code: 'OK' },
      { ...method, rpc_status_code: 'INVALID_ARGUMENT' },
      { ...method, rpc_status_code: 'INTERNAL' },
    ]);
  });

  test('nothing that is sent names a person', () => {
    // Ids of traces and spans are random hexadecimal digits, in which there is an "ada" now and then.
    const sent = receiver.bodies.join('').replace(/"(?:[0-9a-f]{32}|[0-9a-f]{16})"/g, '""');
    expect(sent).not.toMatch(/ada|example|secret|127\.0\.0\.1/);
    expect(told).not.toMatch(/ada@/);
  });
});
