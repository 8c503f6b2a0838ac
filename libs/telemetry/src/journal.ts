// What a process has to say to its operators: one JSON line per thing, on stderr by default.
//   {"severity":"WARN","time":"2026-01-05T09:00:00.000Z","trace_id":"…","span_id":"…","stage":"features","partition":3,"msg":"…"}
// J1 `alert` is for what needs a person now: a halted partition. Its lines carry `"alert":true`, which is what to page on.
// J2 Nobody is named: nothing of a record is told on purpose, and what an error's text may hold of one (keys, identifiers with their
//    namespace, e-mail addresses) is blotted out.
// J3 A line is bounded: a text is cut at 8,192 characters.
import { pino, type DestinationStream } from 'pino';
import { activeTrace } from './tracing.js';

export interface Journal {
  info(what: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(what: string, facts?: Readonly<Record<string, unknown>>): void;
  alert(what: string, facts?: Readonly<Record<string, unknown>>): void;
}

export type JournalLevel = 'info' | 'warn' | 'error' | 'silent';

const STDERR = 2;
const TEXT_MAX = 8_192;
const DEPTH_MAX = 4;
/** As OpenTelemetry names them. */
const SEVERITIES: Readonly<Record<string, string>> = { info: 'INFO', warn: 'WARN', error: 'ERROR' };

export function createJournal(level: JournalLevel, stream?: DestinationStream): Journal {
  const log = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ severity: SEVERITIES[label] ?? label }) },
      mixin: traceFields,
    },
    stream ?? pino.destination({ fd: STDERR, sync: true }),
  );
  return {
    info: (what, facts = {}) => {
      log.info(withoutPersons(facts), blot(what));
    },
    warn: (what, facts = {}) => {
      log.warn(withoutPersons(facts), blot(what));
    },
    alert: (what, facts = {}) => {
      log.error({ ...withoutPersons(facts), alert: true }, blot(what));
    },
  };
}

function traceFields(): object {
  const active = activeTrace();
  return active === undefined ? {} : { trace_id: active.traceId, span_id: active.spanId };
}

const EMAIL = /[^\s"'`<>(),;:/=]+(?:@|%40)[^\s"'`<>(),;:/=]+\.[a-z]{2,}/giu;
/** A key of a record or a document, `workspace/sender/…`: in quotes all of it, else up to the next blank. */
const QUOTED_KEY = /(["'`][\w%.-]+\/(?:sender|profile|identity|node|source|device)\/)[^"'`]+/gu;
const KEY = /([\w%.-]+\/(?:sender|profile|identity|node|source|device)\/)(?!\[id\])[^\s"'`,;)\]}]+/gu;
const IDENTIFIER =
  /\b((?:user|anonymous|device|person|customer)_?id|user|email|phone|previous_?id|group_?id)([:=]\s*["'`]?)[^\s"'`,;)\]}]+/giu;

function blot(text: string): string {
  return text
    .slice(0, TEXT_MAX)
    .replace(QUOTED_KEY, '$1[id]')
    .replace(KEY, '$1[id]')
    .replace(EMAIL, '[e-mail]')
    .replace(IDENTIFIER, '$1$2[id]');
}

function withoutPersons(facts: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return blotted(facts, 0) as Record<string, unknown>;
}

function blotted(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return blot(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEPTH_MAX) return '[deep]';
  if (value instanceof Error) return blot(value.stack ?? value.message);
  if (Array.isArray(value)) return value.map((item) => blotted(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, blotted(item, depth + 1)]));
}
