// The contract of the EventLog port: one suite for every adapter.
import type { TopicId } from '@tessera/contracts';
import type { EventLog, LogClock } from '@tessera/runtime';
import { registerLaws } from './contract.js';
import type { JournalEntry, Law, TestRunner } from './contract.js';
import { durabilityLaws } from './event-log-durability.js';
import { orderLaws } from './event-log-order.js';
import { compactionLaws, timeLaws } from './event-log-time.js';
import { valueLaws } from './event-log-values.js';

/**
 * journal: the adapter tells of commits, flushes and acknowledgements. reopen: what was appended is there after a close. crash: it can
 * show what a process finds that starts after this one was killed now. wall-clock: it stamps by the clock it is given.
 */
export type EventLogOffer = 'journal' | 'reopen' | 'crash' | 'compact' | 'wall-clock';

export interface EventLogConditions {
  readonly clock: LogClock;
  /** Partitions of the wide topics. */
  readonly partitions: number;
  readonly nowMs: () => number;
}

/** An empty log of one adapter, and what the adapter offers beside the port. */
export interface EventLogSubject {
  readonly log: EventLog;
  readonly conditions: EventLogConditions;
  readonly journal?: JournalEntry[];
  /** Closes the log and opens it again. The old subject is not used any more. */
  readonly reopen?: () => Promise<EventLogSubject>;
  /** A second log, from what a crash at this moment would leave. */
  readonly crash?: () => Promise<EventLogSubject>;
  readonly compact?: (topic: TopicId) => Promise<void>;
  dispose(): Promise<void>;
}

/** What the laws need of the conditions: most take the append clock. */
export interface EventLogLaw extends Law<EventLogSubject, EventLogOffer> {
  readonly clock?: LogClock;
  /** A new wall clock. */
  readonly wallClock?: () => () => number;
}

export interface EventLogContract {
  readonly offers: readonly EventLogOffer[];
  readonly open: (conditions: EventLogConditions) => Promise<EventLogSubject>;
  /** JSON values, nasty ones too: from a property-testing library, which this package does not depend on. */
  readonly jsonValues: readonly unknown[];
}

const PARTITIONS = 4;

export function eventLogLaws(jsonValues: readonly unknown[]): readonly EventLogLaw[] {
  return [...orderLaws, ...durabilityLaws, ...valueLaws(jsonValues), ...timeLaws, ...compactionLaws];
}

/** Registers the suite for one adapter. */
export function eventLogContract(name: string, { offers, open, jsonValues }: EventLogContract, runner: TestRunner): void {
  runner.describe(`${name} keeps the contract of EventLog`, () => {
    const openFor = (law: EventLogLaw): Promise<EventLogSubject> => open(conditionsOf(law));
    registerLaws(eventLogLaws(jsonValues), offers, openFor, runner);
  });
}

export function conditionsOf({ clock = 'append', wallClock = steadyClock }: EventLogLaw): EventLogConditions {
  return { clock, partitions: PARTITIONS, nowMs: wallClock() };
}

function steadyClock(): () => number {
  let now = 1_767_225_600_000;
  return () => now++;
}
