import { keyOf, type TopicId } from '@tessera/contracts';
import { describe, expect, test } from '@jest/globals';
import {
  APPLIED,
  carrying,
  parseTraceParent,
  stepSpanId,
  type GraphContext,
  type LogRecord,
  type NewRecord,
  type Outcome,
  type Stage,
  type StageObserver,
  type StepContext,
} from '../src/index.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const SAMPLED = `00-${TRACE}-${SPAN}-01`;
const key = keyOf('main', 'sender', 'a');

interface Emitted {
  readonly topic: TopicId;
  readonly partition: number;
  readonly record: NewRecord;
}

/** Two outputs for each record; one has a header of its own. */
const stage: Stage<{ dueMs: number }, never, null> = {
  name: 'double',
  input: 'events',
  ownsTicks: false,
  partitionState: { create: () => null, encode: () => new Uint8Array(), decode: () => null },
  keyOf: (record) => record.key,
  create: () => ({ dueMs: Infinity }),
  encode: () => new Uint8Array(),
  decode: () => ({ dueMs: Infinity }),
  dueMs: (document) => document.dueMs,
  step(_document, record, context) {
    context.emit('links', context.nextIndex(), { key: record.key, value: null });
    context.emit('links', context.nextIndex(), { key: record.key, value: null, headers: { version: '1.2.3' } });
    return APPLIED;
  },
  fire(document, _untilMs, context) {
    document.dueMs = Infinity;
    context.emit('links', 0, { key, value: null });
  },
  control: () => APPLIED,
};

function contextInto(emitted: Emitted[]): StepContext<never, null> {
  let index = 0;
  return {
    partition: 3,
    offset: 7,
    stampMs: 0,
    logTimeMs: 0,
    generation: 1,
    state: null,
    definitions: () => {
      throw new Error('none');
    },
    partitions: () => 8,
    nextIndex: () => index++,
    emit: (topic, partition, record) => void emitted.push({ topic, partition, record }),
  };
}

const recordWith = (headers: Record<string, string> | undefined): LogRecord => ({
  offset: 7,
  stampMs: 0,
  key,
  value: null,
  headers,
});

function outputsOf(headers: Record<string, string> | undefined, observer?: StageObserver): Emitted[] {
  const emitted: Emitted[] = [];
  carrying(stage, observer).step({ dueMs: Infinity }, recordWith(headers), contextInto(emitted));
  return emitted;
}

describe('what a record carries', () => {
  test('is on all that it causes: the trace with the span of the step, the moment of acceptance as it was', () => {
    const traceparent = `00-${TRACE}-${stepSpanId({ traceId: TRACE, spanId: SPAN }, 'double', 3, 7)}-01`;
    expect(outputsOf({ traceparent: SAMPLED, accepted: '1700000000000', other: 'stays' })).toEqual([
      { topic: 'links', partition: 0, record: { key, value: null, headers: { traceparent, accepted: '1700000000000' } } },
      {
        topic: 'links',
        partition: 1,
        record: { key, value: null, headers: { version: '1.2.3', traceparent, accepted: '1700000000000' } },
      },
    ]);
  });

  test('is the same when a record is stepped again: equal inputs give equal outputs', () => {
    expect(outputsOf({ traceparent: SAMPLED })).toEqual(outputsOf({ traceparent: SAMPLED }));
  });

  test.each([
    ['no headers', undefined],
    ['headers of others', { ce_type: 'x' }],
    ['a trace that is not sampled', { traceparent: `00-${TRACE}-${SPAN}-00` }],
    ['what is no trace', { traceparent: 'hello' }],
    ['what is no moment', { accepted: 'yesterday' }],
  ])('is nothing with %s, and the outputs are untouched', (_name, headers) => {
    expect(outputsOf(headers)).toEqual([
      { topic: 'links', partition: 0, record: { key, value: null } },
      { topic: 'links', partition: 1, record: { key, value: null, headers: { version: '1.2.3' } } },
    ]);
  });

  test('is told with its end to an observer, who is not asked otherwise', () => {
    const told: unknown[] = [];
    const observer: StageObserver = {
      stepping: (step) => {
        told.push(step);
        return (outcome: Outcome, outputs) => void told.push([outcome.kind, outputs]);
      },
      timerFires: (dueMs) => void told.push(dueMs),
    };
    outputsOf(undefined, observer);
    outputsOf({ traceparent: SAMPLED, accepted: '5' }, observer);
    const parent = { traceId: TRACE, spanId: SPAN };
    const span = { traceId: TRACE, spanId: stepSpanId(parent, 'double', 3, 7) };
    expect(told).toEqual([{ partition: 3, offset: 7, parent, span, acceptedMs: 5 }, ['applied', 2]]);
  });

  test('is not on what a timer causes; a sample of the timers is told', () => {
    const due: number[] = [];
    const watched = carrying(stage, { stepping: () => () => undefined, timerFires: (dueMs) => void due.push(dueMs) });
    const emitted: Emitted[] = [];
    for (let i = 0; i < 32; i++) watched.fire({ dueMs: i }, 100, contextInto(emitted));
    watched.fire({ dueMs: Infinity }, 100, contextInto(emitted));
    expect([due, emitted.every(({ record }) => record.headers === undefined)]).toEqual([[0, 16], true]);
  });

  test('goes through a step over several documents too', () => {
    const emitted: Emitted[] = [];
    const graph = carrying<{ dueMs: number }, never, null>({
      ...stage,
      stepGraph(record, context) {
        expect(context.read(key)).toEqual({ dueMs: 1 });
        context.emit('links', 0, { key: record.key, value: null });
        return APPLIED;
      },
    });
    const context: GraphContext<{ dueMs: number }, never, null> = {
      ...contextInto(emitted),
      read: () => ({ dueMs: 1 }),
      change: () => undefined,
    };
    graph.stepGraph?.(recordWith({ accepted: '9' }), context);
    expect(emitted[0]?.record.headers).toEqual({ accepted: '9' });
  });
});

test.each([
  [SAMPLED, { traceId: TRACE, spanId: SPAN }],
  [`00-${TRACE}-${SPAN}-03`, { traceId: TRACE, spanId: SPAN }],
  [`00-${TRACE}-${SPAN}-02`, undefined],
  [`01-${TRACE}-${SPAN}-01`, undefined],
  [`00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
  [`00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
  [`00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
  [undefined, undefined],
])('the W3C form %s names %j', (text, span) => {
  expect(parseTraceParent(text)).toEqual(span);
});
