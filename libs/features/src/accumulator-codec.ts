// Accumulators as partials for the log, and as bytes for the store (lifetime values only: windows are derived from entries).
import type { Reader, Writer } from '@tessera/codec';
import { accumulatorOf, addText, type Accumulator } from './accumulator.js';
import { readDecimal, writeDecimal, type Scalar } from './cell.js';
import { DISTINCT_VALUES_MAX } from './kinds/distinct.js';
import type { Partial_ } from './partial.js';

/** What a profile is told; undefined over no values. Without windowMs nothing leaves. */
export function tellAccumulator(held: Accumulator, windowMs: number | undefined, approximate: boolean): Partial_ | undefined {
  const partial: (Partial_ & { a?: true; u?: number }) | undefined = contentOf(held);
  if (partial === undefined) return undefined;
  if (approximate || (held.kind === 'distinct' && (held.cut || held.order.length > DISTINCT_VALUES_MAX))) partial.a = true;
  if (windowMs !== undefined) partial.u = held.holderMs + windowMs;
  return partial;
}

/** A new object each time: what was told is never changed afterwards. */
function contentOf(held: Accumulator): Partial_ | undefined {
  switch (held.kind) {
    case 'count':
      return held.n === 0 ? undefined : { n: held.n };
    case 'sum':
    case 'mean':
      return held.n === 0 ? undefined : { s: held.s, n: held.n };
    case 'min':
    case 'max':
      return held.v === undefined ? undefined : { v: held.v };
    case 'first':
    case 'last':
      return held.v === undefined ? undefined : { v: held.v, t: held.t, i: held.i };
    case 'distinct':
      return held.order.length === 0 ? undefined : { v: held.order.slice(0, DISTINCT_VALUES_MAX) };
  }
}

const KINDS = ['count', 'sum', 'mean', 'min', 'max', 'first', 'last', 'distinct'] as const;

export function writeAccumulator(writer: Writer, held: Accumulator): void {
  writer.byte(KINDS.indexOf(held.kind));
  switch (held.kind) {
    case 'count':
      writer.uint(held.n);
      return;
    case 'sum':
    case 'mean':
      writeDecimal(writer, held.s);
      writer.uint(held.n);
      return;
    case 'min':
    case 'max':
      writer.json(held.v);
      return;
    case 'first':
    case 'last':
      writer.json(held.v);
      writer.int(held.t);
      writer.string(held.i);
      return;
    case 'distinct':
      writer.bool(held.cut);
      writer.json(held.order);
  }
}

export function readAccumulator(reader: Reader): Accumulator {
  const held = accumulatorOf(KINDS[reader.byte()] ?? 'count');
  switch (held.kind) {
    case 'count':
      held.n = reader.uint();
      break;
    case 'sum':
    case 'mean':
      held.s = readDecimal(reader);
      held.n = reader.uint();
      break;
    case 'min':
    case 'max':
      held.v = (reader.json() ?? undefined) as number | undefined;
      break;
    case 'first':
    case 'last':
      held.v = (reader.json() ?? undefined) as Scalar | undefined;
      held.t = reader.int();
      held.i = reader.string();
      break;
    case 'distinct':
      held.cut = reader.bool();
      for (const text of reader.json() as string[]) addText(held, text, 0);
  }
  return held;
}
