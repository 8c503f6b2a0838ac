// What the records of one request carry, from where they are accepted.
// S1 A request in a sampled trace has a span of its own for the append, until all is durable; its records name that span as their cause.
// S2 One record in `INTERVAL_MS` carries the moment of its acceptance, whatever the rate: freshness is measured on a sample, and the
//    others cost nothing.
import type { TopicId } from '@tessera/contracts';
import { ACCEPTED, formatTraceParent, TRACEPARENT } from '@tessera/runtime';
import { activeTrace, errorTypeOf, failed, traceParentOf, type Tracing } from './tracing.js';

type Headers = Readonly<Record<string, string>>;

export interface Sending {
  /** Of every record; undefined for none. */
  readonly headers: Headers | undefined;
  /** Of the first record, in the place of the others. */
  readonly first: Headers | undefined;
  /** All is durable, or it failed. */
  ended(error?: unknown): void;
}

/** Called for each request that sends records, in its context; `nowMs` is the moment of acceptance. */
export type Sender = (topic: TopicId, records: number, nowMs: number) => Sending;

/** For a record that is appended beside a request, not by it: the trace of the caller, if it is sampled. */
export function carriedTrace(): { readonly headers?: Headers } {
  const trace = activeTrace();
  return trace === undefined ? {} : { headers: { [TRACEPARENT]: formatTraceParent(trace) } };
}

const INTERVAL_MS = 100;
const NOTHING: Sending = { headers: undefined, first: undefined, ended: () => undefined };

export function createSender(tracing: Tracing, system: string): Sender {
  let markedMs = -Infinity;
  return (topic, records, nowMs) => {
    // A clock that was set back does not end the marks.
    const marked = Math.abs(nowMs - markedMs) >= INTERVAL_MS;
    if (marked) markedMs = nowMs;
    const accepted = marked ? { [ACCEPTED]: String(nowMs) } : undefined;
    const traced = tracing.on && activeTrace() !== undefined;
    if (!traced) return accepted === undefined ? NOTHING : { ...NOTHING, first: accepted };
    const span = tracing.start({
      name: `send ${topic}`,
      kind: 'producer',
      attributes: {
        'messaging.system.name': system,
        'messaging.destination.name': topic,
        'messaging.operation.name': 'send',
        'messaging.operation.type': 'send',
        'messaging.batch.message_count': records,
      },
    });
    const headers = span && { [TRACEPARENT]: traceParentOf(span) };
    return {
      headers,
      first: { ...headers, ...accepted },
      ended: (error) => {
        if (error === undefined) span?.end();
        else failed(span, errorTypeOf(error));
      },
    };
  };
}
