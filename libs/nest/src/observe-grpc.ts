// What is told of gRPC calls: their duration by method and status, and a span that goes on with the trace of the caller's metadata.
// R1 Only the method and the status are told: nothing of the request, no address.
// R2 Calls of methods that nobody serves never come here, so the number of methods is bounded.
import { ResponderBuilder, ServerInterceptingCall, ServerListenerBuilder, status } from '@grpc/grpc-js';
import type { Metadata, ServerInterceptor } from '@grpc/grpc-js';
import type { DoorTelemetry, Span } from '@tessera/telemetry';

/** Statuses that are the server's own fault. */
const FAULTS: ReadonlySet<number> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

export function observingInterceptor({ tracing, rpcCalls }: DoorTelemetry): ServerInterceptor {
  return ({ path }, call) => {
    const beganMs = performance.now();
    const method = path.replace(/^\//, '');
    let span: Span | undefined;
    let told = false;
    const end = (code: number): void => {
      if (told) return;
      told = true;
      const attributes = { 'rpc.system.name': 'grpc', 'rpc.method': method, 'rpc.status_code': status[code] ?? String(code) };
      rpcCalls.record((performance.now() - beganMs) / 1_000, attributes);
      span?.setAttributes(attributes);
      if (FAULTS.has(code)) span?.setAttribute('error.type', attributes['rpc.status_code']).setStatus({ code: 2 });
      span?.end();
    };
    const listener = new ServerListenerBuilder()
      .withOnReceiveMetadata((metadata, next) => {
        if (tracing.on) {
          span = tracing.start({
            name: method,
            kind: 'server',
            attributes: { 'rpc.system.name': 'grpc', 'rpc.method': method },
            remote: remoteOf(metadata),
          });
        }
        tracing.within(span, () => next(metadata));
      })
      .withOnReceiveMessage((message, next) => tracing.within(span, () => next(message)))
      .withOnReceiveHalfClose((next) => tracing.within(span, next))
      .withOnCancel(() => end(status.CANCELLED))
      .build();
    const responder = new ResponderBuilder()
      .withStart((next) => next(listener))
      .withSendStatus((sent, next) => {
        end(sent.code);
        next(sent);
      })
      .build();
    return new ServerInterceptingCall(call, responder);
  };
}

function remoteOf(metadata: Metadata): { readonly traceparent: string; readonly tracestate: string | undefined } | undefined {
  const [traceparent] = metadata.get('traceparent');
  if (traceparent === undefined) return undefined;
  return { traceparent: traceparent.toString(), tracestate: metadata.get('tracestate')[0]?.toString() };
}
