// What a record carries beside its value, and how a stage hands it on to what the record causes.
//   traceparent  W3C Trace Context of a sampled trace: the span that caused the record.
//   accepted     moment (ms since the epoch) at which ingestion accepted the event behind it; on a sample of the events.
// H1 A pure function of the record, the stage and the partition: a record that is stepped again after a crash gives the same headers.
//    The span of a step has its id from its cause, so outputs name their own step as their parent, and nothing is drawn.
// H2 A record that carries nothing costs one look at its headers; its outputs are handed on untouched.
// H3 Only what the record itself causes carries on. A timer does not: the record that made it due is not what caused it.
import { sha256 } from '@tessera/hash';
import type { LogRecord, NewRecord } from './ports.js';
import type { GraphContext, Outcome, Stage, StepContext } from './stage.js';

export const TRACEPARENT = 'traceparent';
export const ACCEPTED = 'accepted';

/** A span by its name in the W3C form; always of a sampled trace. */
export interface TraceParent {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** 16 hexadecimal digits. */
  readonly spanId: string;
}

/** A record that carries something, about to be stepped. */
export interface CarriedStep {
  readonly partition: number;
  readonly offset: number;
  /** Span that caused the record. */
  readonly parent: TraceParent | undefined;
  /** Span of this step; its outputs name it as their cause. */
  readonly span: TraceParent | undefined;
  readonly acceptedMs: number | undefined;
}

/** Told what a stage does; it never has a say in it. */
export interface StageObserver {
  /** Before a record that carries something is stepped. What it returns is told the end of the step. */
  stepping(step: CarriedStep): (outcome: Outcome, outputs: number) => void;
  /** A timer that was due at `dueMs` fires: one in `TIMERS_PER_LOOK` is told. */
  timerFires(dueMs: number): void;
}

export const TIMERS_PER_LOOK = 16;

const FORM = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Undefined for what is not of version 00, is no valid name of a span, or is not sampled. */
export function parseTraceParent(text: string | undefined): TraceParent | undefined {
  const [, traceId, spanId, flags] = (text === undefined ? undefined : FORM.exec(text)) ?? [];
  if (traceId === undefined || spanId === undefined || (parseInt(flags as string, 16) & 1) === 0) return undefined;
  return { traceId, spanId };
}

export function formatTraceParent({ traceId, spanId }: TraceParent): string {
  return `00-${traceId}-${spanId}-01`;
}

/** Id of the span of a step: 64 bits of a hash over its cause and its place. */
export function stepSpanId(parent: TraceParent, stage: string, partition: number, offset: number): string {
  return sha256(`${parent.traceId}/${parent.spanId}/${stage}/${String(partition)}/${String(offset)}`).slice(0, 16);
}

/** The stage, with outputs that carry what their cause carried, and with somebody told, where there is one. */
export function carrying<Document, Definitions, State>(
  stage: Stage<Document, Definitions, State>,
  observer?: StageObserver,
): Stage<Document, Definitions, State> {
  const { stepGraph } = stage;
  return {
    ...stage,
    step(document, record, context) {
      const carried = carriedBy(record, stage.name, context.partition);
      if (carried === undefined) return stage.step(document, record, context);
      const step = new Step(carried, observer);
      return step.ended(stage.step(document, record, handingOn(context, step)));
    },
    ...(stepGraph && {
      stepGraph(record, context) {
        const carried = carriedBy(record, stage.name, context.partition);
        if (carried === undefined) return stepGraph.call(stage, record, context);
        const step = new Step(carried, observer);
        const { read, change } = context;
        const graph: GraphContext<Document, Definitions, State> = { ...handingOn(context, step), read, change };
        return step.ended(stepGraph.call(stage, record, graph));
      },
    }),
    ...(observer && { fire: watchedFire(stage, observer) }),
  };
}

function watchedFire<Document, Definitions, State>(
  stage: Stage<Document, Definitions, State>,
  observer: StageObserver,
): Stage<Document, Definitions, State>['fire'] {
  let fired = 0;
  return (document, untilMs, context) => {
    if (fired++ % TIMERS_PER_LOOK === 0) {
      const dueMs = stage.dueMs(document);
      // A document that a new definition set makes due has no timer that is.
      if (dueMs <= untilMs) observer.timerFires(dueMs);
    }
    stage.fire(document, untilMs, context);
  };
}

function carriedBy({ headers, offset }: LogRecord, stage: string, partition: number): CarriedStep | undefined {
  if (headers === undefined) return undefined;
  const parent = parseTraceParent(headers[TRACEPARENT]);
  const acceptedMs = headers[ACCEPTED] === undefined ? NaN : Number(headers[ACCEPTED]);
  const accepted = Number.isSafeInteger(acceptedMs);
  if (parent === undefined && !accepted) return undefined;
  const span = parent && { traceId: parent.traceId, spanId: stepSpanId(parent, stage, partition, offset) };
  return { partition, offset, parent, span, acceptedMs: accepted ? acceptedMs : undefined };
}

class Step {
  readonly headers: Readonly<Record<string, string>>;
  outputs = 0;
  private readonly end: ReturnType<StageObserver['stepping']> | undefined;

  constructor(carried: CarriedStep, observer: StageObserver | undefined) {
    const { span, acceptedMs } = carried;
    this.headers = {
      ...(span && { [TRACEPARENT]: formatTraceParent(span) }),
      ...(acceptedMs !== undefined && { [ACCEPTED]: String(acceptedMs) }),
    };
    this.end = observer?.stepping(carried);
  }

  ended(outcome: Outcome): Outcome {
    this.end?.(outcome, this.outputs);
    return outcome;
  }
}

/** The same context, whose outputs carry the headers of the step. */
function handingOn<Definitions, State>(context: StepContext<Definitions, State>, step: Step): StepContext<Definitions, State> {
  const { partition, offset, stampMs, logTimeMs, generation, state } = context;
  return {
    partition,
    offset,
    stampMs,
    logTimeMs,
    generation,
    state,
    definitions: (workspace, hash) => context.definitions(workspace, hash),
    partitions: (topic) => context.partitions(topic),
    nextIndex: () => context.nextIndex(),
    emit: (topic, target, record) => {
      step.outputs += 1;
      context.emit(topic, target, withHeaders(record, step.headers));
    },
  };
}

/** The record with headers beside its own. */
export function withHeaders(record: NewRecord, headers: Readonly<Record<string, string>>): NewRecord {
  return { ...record, headers: { ...record.headers, ...headers } };
}
