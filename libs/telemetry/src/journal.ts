// What a process has to say to its operators: one JSON line per thing, on stderr by default.
// J1 `alert` is for what needs a person now: a halted partition. Its lines carry `"alert":true`, which is what to page on.
import { pino, type DestinationStream } from 'pino';

export interface Journal {
  info(what: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(what: string, facts?: Readonly<Record<string, unknown>>): void;
  alert(what: string, facts?: Readonly<Record<string, unknown>>): void;
}

export type JournalLevel = 'info' | 'warn' | 'error' | 'silent';

const STDERR = 2;

export function createJournal(level: JournalLevel, stream?: DestinationStream): Journal {
  const log = pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    stream ?? pino.destination({ fd: STDERR, sync: true }),
  );
  return {
    info: (what, facts = {}) => {
      log.info(facts, what);
    },
    warn: (what, facts = {}) => {
      log.warn(facts, what);
    },
    alert: (what, facts = {}) => {
      log.error({ ...facts, alert: true }, what);
    },
  };
}
