// An event log that is watched: how long its appends and reads take, what fails, and the spans of those that carry a sampled trace.
// L1 A span over a batch is in the trace of its first sampled record, and links to what caused the others (128 at most).
// L2 The wrapped log sees the same calls in the same order; nothing is added to a record here.
// L3 Per record one look at its headers; durations are taken per call.
import type { TopicId } from '@tessera/contracts';
import {
  ACCEPTED,
  parseTraceParent,
  TRACEPARENT,
  type EventLog,
  type LogRecord,
  type NewRecord,
  type TraceParent,
} from '@tessera/runtime';
import type { Metrics } from './metrics.js';
import { errorTypeOf, failed, type Span, type Tracing } from './tracing.js';

export interface ObservedLogOptions {
  readonly metrics: Metrics;
  readonly tracing: Tracing;
  /** `messaging.system.name`: `kafka`, or `tessera` for one of our own. */
  readonly system: string;
  readonly nowMs: () => number;
}

type Operation = 'send' | 'poll';
type Records = readonly (NewRecord | LogRecord)[];

const LINKS_MAX = 128;
/** As the conventions type the operations. */
const TYPES = { send: 'send', poll: 'receive' } as const;

export function observedLog(log: EventLog, options: ObservedLogOptions): EventLog {
  const { metrics, tracing, system } = options;
  const sent = metrics.counter('messaging.client.sent.messages');
  const consumed = metrics.counter('messaging.client.consumed.messages');
  const during = timer(options);
  const tellFreshness = freshnessOf(options);
  const labelsOf = (topic: TopicId) => ({ 'messaging.system.name': system, 'messaging.destination.name': topic });
  const observed: Required<EventLog> = {
    clock: log.clock,
    partitions: (topic) => log.partitions(topic),
    append: async (topic, partition, records) => {
      const span = tracing.on ? spanOf(options, 'send', topic, partition, records) : undefined;
      const result = await during('send', topic, span, log.append(topic, partition, records));
      sent.add(records.length, labelsOf(topic));
      tellFreshness(topic, records);
      return result;
    },
    read: async (topic, partition, fromOffset, limits) => {
      const startTime = Date.now();
      const batch = await during('poll', topic, undefined, log.read(topic, partition, fromOffset, limits));
      if (batch.records.length === 0) return batch;
      consumed.add(batch.records.length, labelsOf(topic));
      // Which traces a read belongs to is known at its end.
      if (tracing.on) spanOf(options, 'poll', topic, partition, batch.records, startTime)?.end();
      return batch;
    },
    startOffset: (topic, partition) => log.startOffset(topic, partition),
    endOffset: (topic, partition) => log.endOffset(topic, partition),
    subscribe: (topic, partition, wake) => log.subscribe(topic, partition, wake),
    close: () => log.close(),
  };
  return observed;
}

/** Awaits a call, and tells how long it took and how it ended. */
function timer({ metrics, system }: ObservedLogOptions) {
  const durations = metrics.histogram('messaging.client.operation.duration');
  return async <Result>(operation: Operation, topic: TopicId, span: Span | undefined, call: Promise<Result>): Promise<Result> => {
    const beganMs = performance.now();
    const labels = {
      'messaging.system.name': system,
      'messaging.destination.name': topic,
      'messaging.operation.name': operation,
    };
    try {
      const result = await call;
      durations.record((performance.now() - beganMs) / 1_000, labels);
      span?.end();
      return result;
    } catch (error) {
      const type = errorTypeOf(error);
      durations.record((performance.now() - beganMs) / 1_000, { ...labels, 'error.type': type });
      failed(span, type);
      throw error;
    }
  };
}

function freshnessOf({ metrics, nowMs }: ObservedLogOptions): (topic: TopicId, records: readonly NewRecord[]) => void {
  const freshness = metrics.histogram('tessera.topic.freshness');
  return (topic, records) => {
    for (const { headers } of records) {
      if (headers?.[ACCEPTED] === undefined) continue;
      freshness.record(Math.max(0, nowMs() - Number(headers[ACCEPTED])) / 1_000, { topic });
    }
  };
}

/** Undefined where no record is of a sampled trace. */
function spanOf(
  { tracing, system }: ObservedLogOptions,
  operation: Operation,
  topic: TopicId,
  partition: number,
  records: Records,
  startTime?: number,
): Span | undefined {
  const [parent, ...links] = causesOf(records);
  if (parent === undefined) return undefined;
  return tracing.start({
    name: `${operation} ${topic}`,
    kind: 'client',
    parent,
    links,
    startTime,
    attributes: {
      'messaging.system.name': system,
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.operation.name': operation,
      'messaging.operation.type': TYPES[operation],
      'messaging.batch.message_count': records.length,
    },
  });
}

/** The different spans that caused the records, in their order. */
function causesOf(records: Records): readonly TraceParent[] {
  const causes = new Map<string, TraceParent>();
  for (const { headers } of records) {
    const text = headers?.[TRACEPARENT];
    if (text === undefined || causes.has(text)) continue;
    const cause = parseTraceParent(text);
    if (cause !== undefined) causes.set(text, cause);
    if (causes.size > LINKS_MAX) break;
  }
  return [...causes.values()];
}
