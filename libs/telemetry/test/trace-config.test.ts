import { describe, expect, test } from '@jest/globals';
import { readTraceConfig, TraceConfigError } from '../src/index.js';

const read = (environment: Record<string, string>): Record<string, unknown> => ({ ...readTraceConfig(environment, 'tessera') });

describe('the settings of traces', () => {
  test('trace nothing where nothing is said', () => {
    expect(read({})).toEqual({
      serviceName: 'tessera',
      resource: {},
      exporter: 'none',
      url: 'http://localhost:4318/v1/traces',
      headers: {},
      timeoutMs: 10_000,
      sampler: 'parentbased_always_on',
      ratio: 1,
    });
  });

  test('are those of OpenTelemetry', () => {
    expect(
      read({
        OTEL_SERVICE_NAME: 'shop-segments',
        OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=test,team=a%2Cb',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318/',
        OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%20b',
        OTEL_EXPORTER_OTLP_TIMEOUT: '500',
        OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
        OTEL_TRACES_SAMPLER_ARG: '0.25',
      }),
    ).toEqual({
      serviceName: 'shop-segments',
      resource: { 'deployment.environment.name': 'test', team: 'a,b' },
      exporter: 'otlp',
      url: 'https://collector:4318/v1/traces',
      headers: { 'api-key': 'a b' },
      timeoutMs: 500,
      sampler: 'parentbased_traceidratio',
      ratio: 0.25,
    });
  });

  test.each([
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:1/spans' }, { exporter: 'otlp', url: 'http://c:1/spans' }],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:1' }, { exporter: 'none' }],
    [{ OTEL_TRACES_EXPORTER: 'otlp' }, { exporter: 'otlp', url: 'http://localhost:4318/v1/traces' }],
    [{ OTEL_TRACES_EXPORTER: 'console' }, { exporter: 'console' }],
    [{ OTEL_TRACES_EXPORTER: 'otlp', OTEL_SDK_DISABLED: 'TRUE' }, { exporter: 'none' }],
    [{ OTEL_RESOURCE_ATTRIBUTES: 'service.name=a' }, { serviceName: 'a' }],
  ])('%j means %j', (environment, expected) => {
    expect(read(environment as Record<string, string>)).toMatchObject(expected);
  });

  test('that are wrong are told all at once, and secrets are not', () => {
    const wrong = {
      OTEL_TRACES_EXPORTER: 'zipkin',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_HEADERS: 'secret',
      OTEL_TRACES_SAMPLER: 'sometimes',
      OTEL_TRACES_SAMPLER_ARG: '2',
    };
    const error = catching(() => readTraceConfig(wrong, 'tessera'));
    expect(error).toBeInstanceOf(TraceConfigError);
    expect((error as TraceConfigError).problems).toEqual([
      'OTEL_EXPORTER_OTLP_ENDPOINT: found "collector:4318", allowed is an http or https URL.',
      'OTEL_TRACES_EXPORTER: found "zipkin", allowed is none, otlp, console.',
      'OTEL_EXPORTER_OTLP_PROTOCOL: found "grpc", allowed is http/json.',
      'OTEL_EXPORTER_OTLP_HEADERS: a part of it is not of the form KEY=VALUE, percent-encoded, with commas between.',
      expect.stringContaining('OTEL_TRACES_SAMPLER: found "sometimes", allowed is always_on, '),
      'OTEL_TRACES_SAMPLER_ARG: found "2", allowed is a number from 0 to 1.',
    ]);
  });
});

function catching(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
