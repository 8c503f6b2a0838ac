// Accumulators as partials for the log, and as bytes for the store (lifetime values only: windows are derived from entries).
import type { Reader, Writer } from '@tessera/codec';
import { accumulatorOf, type Accumulator } from './accumulator.js';
import { readDecimal, writeDecimal, type Scalar } from './cell.js';
import type { Partial_ } from './partial.js';

export interface Window {
  /** Time of the first entry inside. */
  readonly headMs: number;
  readonly windowMs: number;
}

/** What a profile is told; undefined over no values. */
export function tellAccumulator(held: Accumulator, window: Window | undefined, approximate: boolean): Partial_ | undefined {
  const partial = bare(held, window);
  return partial && approximate ? { ...partial, a: true } : partial;
}

function bare(held: Accumulator, window: Window | undefined): Partial_ | undefined {
  switch (held.kind) {
    case 'count':
      if (held.n === 0) return undefined;
      return window ? { n: held.n, u: window.headMs + window.windowMs } : { n: held.n };
    case 'sum':
    case 'mean':
      if (held.n === 0) return undefined;
      return window ? { s: held.s, n: held.n, u: window.headMs + window.windowMs } : { s: held.s, n: held.n };
    case 'min':
    case 'max':
      if (held.v === undefined) return undefined;
      return window ? { v: held.v, u: held.t + window.windowMs } : { v: held.v };
    case 'first':
    case 'last':
      if (held.v === undefined) return undefined;
      return window ? { v: held.v, t: held.t, i: held.i, u: held.t + window.windowMs } : { v: held.v, t: held.t, i: held.i };
    case 'distinct': {
      if (held.texts.size === 0) return undefined;
      const partial = { v: [...held.texts.keys()].sort(), ...(held.cut ? { a: true as const } : {}) };
      return window ? { ...partial, u: Math.min(...held.texts.values()) + window.windowMs } : partial;
    }
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
      writer.int(held.t);
      return;
    case 'first':
    case 'last':
      writer.json(held.v);
      writer.int(held.t);
      writer.string(held.i);
      return;
    case 'distinct':
      writer.bool(held.cut);
      writer.json(Object.fromEntries(held.texts));
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
      held.t = reader.int();
      break;
    case 'first':
    case 'last':
      held.v = (reader.json() ?? undefined) as Scalar | undefined;
      held.t = reader.int();
      held.i = reader.string();
      break;
    case 'distinct':
      held.cut = reader.bool();
      for (const [text, time] of Object.entries(reader.json() as Record<string, number>)) held.texts.set(text, time);
  }
  return held;
}
