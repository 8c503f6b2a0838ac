// Traces of a process: spans by OpenTelemetry's SDK, sent to a collector in the background.
// T1 Without an exporter there is no provider, no context is kept, and whoever asks for a span gets none: one look at a field.
// T2 A span says where something went and how long it took. It never says who it was about: no keys, no identifiers, no addresses, no
//    query strings, no text of an error (its type only).
// T3 The queue is bounded (2,048 spans); what comes beyond it is dropped, and so is what the collector does not take.
import { context, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import type { Attributes, Context, Link, Span, Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { parseTraceParent as parseRemote, TraceState } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ConsoleSpanExporter,
  ParentBasedSampler,
  RandomIdGenerator,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { IdGenerator, Sampler } from '@opentelemetry/sdk-trace';
import { formatTraceParent, type TraceParent } from '@tessera/runtime';
import type { TraceConfig } from './trace-config.js';

export type { Attributes, Span } from '@opentelemetry/api';

export interface SpanOptions {
  readonly name: string;
  readonly kind: 'server' | 'producer' | 'consumer' | 'client';
  readonly attributes: Attributes;
  /** The span that caused it, by its name; default: the active one. */
  readonly parent?: TraceParent | undefined;
  /** As a client sent it: of any version, sampled or not. */
  readonly remote?: { readonly traceparent: string; readonly tracestate?: string | undefined } | undefined;
  /** Others that caused it. */
  readonly links?: readonly TraceParent[];
  /** Where it is a function of the cause; else it is drawn. */
  readonly spanId?: string | undefined;
  /** Milliseconds since the epoch; default: now. */
  readonly startTime?: number | undefined;
}

const KINDS = { server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, client: SpanKind.CLIENT };
const FLUSH_MS = 1_000;

export class Tracing {
  private readonly provider: TracerProvider | undefined;
  private readonly tracer: Tracer | undefined;
  private readonly ids = new PlannedIds();

  constructor(config: TraceConfig) {
    if (config.exporter === 'none') return;
    const exporter =
      config.exporter === 'console'
        ? new ConsoleSpanExporter()
        : new OTLPTraceExporter({ url: config.url, headers: { ...config.headers }, timeoutMillis: config.timeoutMs });
    this.provider = new TracerProvider({
      resource: resourceFromAttributes({ ...config.resource, 'service.name': config.serviceName }),
      sampler: samplerOf(config),
      idGenerator: this.ids,
      spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: FLUSH_MS })],
    });
    this.tracer = this.provider.getTracer('tessera');
    // One per process. A second one, in a process that runs several systems, shares it.
    context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  }

  /** False: no span is ever made. */
  get on(): boolean {
    return this.tracer !== undefined;
  }

  /** Undefined when nothing is traced, or this trace is not sampled. Whoever gets one ends it. */
  start({ name, kind, parent, remote, spanId, ...options }: SpanOptions): Span | undefined {
    if (this.tracer === undefined) return undefined;
    const under = parent ? contextOf(parent) : remote ? remoteContext(remote) : context.active();
    this.ids.planned = spanId;
    const { attributes, startTime, links = [] } = options;
    const given = { kind: KINDS[kind], attributes, links: links.map(linkTo), ...(startTime !== undefined && { startTime }) };
    const span = this.tracer.startSpan(name, given, under);
    return span.isRecording() ? span : undefined;
  }

  /** Runs within the span: what is started or told there belongs to it. */
  within<Result>(span: Span | undefined, run: () => Result): Result {
    return span === undefined ? run() : context.with(trace.setSpan(context.active(), span), run);
  }

  /** Sends what waits; then nothing is traced any more. */
  async close(): Promise<void> {
    await this.provider?.shutdown();
  }
}

/** The trace that the caller is in, if it is sampled. */
export function activeTrace(): TraceParent | undefined {
  const found = trace.getSpanContext(context.active());
  return found !== undefined && (found.traceFlags & TraceFlags.SAMPLED) !== 0 ? found : undefined;
}

/** As a header. */
export function traceParentOf(span: Span): string {
  return formatTraceParent(span.spanContext());
}

/** Ends a span that failed: with the type of the error, never its text. */
export function failed(span: Span | undefined, errorType: string): void {
  span?.setAttribute('error.type', errorType).setStatus({ code: SpanStatusCode.ERROR }).end();
}

/** From a closed list: the name of the class. */
export function errorTypeOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}

function contextOf(parent: TraceParent): Context {
  return trace.setSpanContext(ROOT_CONTEXT, { ...parent, traceFlags: TraceFlags.SAMPLED, isRemote: true });
}

function remoteContext({ traceparent, tracestate }: NonNullable<SpanOptions['remote']>): Context {
  const found = parseRemote(traceparent);
  if (found === null) return ROOT_CONTEXT;
  const state = tracestate === undefined ? {} : { traceState: new TraceState(tracestate) };
  return trace.setSpanContext(ROOT_CONTEXT, { ...found, ...state, isRemote: true });
}

function linkTo(cause: TraceParent): Link {
  return { context: { traceId: cause.traceId, spanId: cause.spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true } };
}

function samplerOf({ sampler, ratio }: TraceConfig): Sampler {
  const root = sampler.endsWith('traceidratio')
    ? new TraceIdRatioBasedSampler(ratio)
    : sampler.endsWith('always_on')
      ? new AlwaysOnSampler()
      : new AlwaysOffSampler();
  return sampler.startsWith('parentbased') ? new ParentBasedSampler({ root }) : root;
}

/** Random, but for the one span whose id is planned: the SDK asks for it once, at once. */
class PlannedIds implements IdGenerator {
  planned: string | undefined;
  private readonly random = new RandomIdGenerator();

  generateTraceId(): string {
    return this.random.generateTraceId();
  }

  generateSpanId(): string {
    const id = this.planned ?? this.random.generateSpanId();
    this.planned = undefined;
    return id;
  }
}
