// What is told of HTTP requests: their duration by route, and a span that goes on with the caller's trace.
// O1 Only the route is told, never the path, the query, the address or the agent: they may name a person.
// O2 The handler runs within the span. Without an exporter no span is asked for, and no hook is there for it.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { DoorTelemetry, Span } from '@tessera/telemetry';

interface Observed {
  readonly beganMs: number;
  readonly span: Span | undefined;
}

/** A method that is none of these is told as `_OTHER`. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH', 'QUERY']);

/** To be called before any other hook is added: what they refuse is told too. */
export function observeHttp(fastify: FastifyInstance, { tracing, httpRequests }: DoorTelemetry): void {
  const observed = new WeakMap<FastifyRequest, Observed>();

  fastify.addHook('onRequest', (request, _reply, done) => {
    observed.set(request, { beganMs: performance.now(), span: tracing.on ? spanOf(request) : undefined });
    done();
  });

  if (tracing.on) {
    fastify.addHook('preHandler', (request, _reply, done) => {
      tracing.within(observed.get(request)?.span, done);
    });
  }

  fastify.addHook('onResponse', (request, reply, done) => {
    const found = observed.get(request);
    if (found !== undefined) {
      const attributes = attributesOf(request, reply);
      httpRequests.record((performance.now() - found.beganMs) / 1_000, attributes);
      endSpan(found.span, attributes);
    }
    done();
  });

  function spanOf(request: FastifyRequest): Span | undefined {
    const { traceparent, tracestate } = request.headers;
    const method = methodOf(request);
    const route = request.routeOptions.url;
    return tracing.start({
      name: route === undefined ? method : `${method} ${route}`,
      kind: 'server',
      attributes: {
        'http.request.method': method,
        'url.scheme': request.protocol,
        ...(route !== undefined && { 'http.route': route }),
      },
      remote: typeof traceparent === 'string' ? { traceparent, tracestate: textOf(tracestate) } : undefined,
    });
  }
}

function attributesOf(request: FastifyRequest, { statusCode }: FastifyReply) {
  const route = request.routeOptions.url;
  return {
    'http.request.method': methodOf(request),
    'url.scheme': request.protocol,
    'http.response.status_code': statusCode,
    ...(route !== undefined && { 'http.route': route }),
    ...(statusCode >= 500 && { 'error.type': String(statusCode) }),
  };
}

/** A 4xx is the caller's error, not the server's: OpenTelemetry leaves the status of such a span unset. */
function endSpan(span: Span | undefined, attributes: ReturnType<typeof attributesOf>): void {
  if (span === undefined) return;
  span.setAttributes(attributes);
  if ('error.type' in attributes) span.setStatus({ code: 2 });
  span.end();
}

function methodOf({ method }: FastifyRequest): string {
  return METHODS.has(method) ? method : '_OTHER';
}

function textOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(',') : value;
}
