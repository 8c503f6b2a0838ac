// Takes the events of a request into the log, within bounds.
// I1 `take` resolves when every record and every dead letter of the request is durable; only then is the client told so.
// I2 Events and bytes that are read and not yet durable are bounded. Above the bound a request is refused with the time to wait; one
//    request alone is always let in, whatever its size.
// I3 A refused event goes to `dead-letters` with its original bytes, its reason and its place.
import { keyOf } from '@tessera/contracts';
import type { DeadLetterRecord, TopicId, TrackedRecord } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import { ProblemException } from '@tessera/nest';
import { invariant, withHeaders } from '@tessera/runtime';
import type { EventLog, NewRecord } from '@tessera/runtime';
import type { Sender } from '@tessera/telemetry';
import type { IngestionCounters } from './counters.js';
import { PartitionAppender } from './partition-appender.js';

export interface IntakeLimits {
  readonly inFlightEventsMax: number;
  readonly inFlightBytesMax: number;
  /** What a client is told to wait. */
  readonly retryAfterSeconds: number;
}

export const INTAKE_LIMITS: IntakeLimits = { inFlightEventsMax: 50_000, inFlightBytesMax: 64 << 20, retryAfterSeconds: 1 };

/** What one request holds of the bounds until it is answered. */
export interface Reservation {
  readonly events: number;
  readonly bytes: number;
}

export class Intake {
  private inFlightEvents = 0;
  private inFlightBytes = 0;
  private readonly appenders = new Map<TopicId, readonly PartitionAppender[]>();

  constructor(
    private readonly log: EventLog,
    private readonly limits: IntakeLimits,
    private readonly counters: IngestionCounters,
    private readonly sender?: Sender,
  ) {}

  /** Throws `overloaded` when there is no room; otherwise `release` must follow. */
  reserve(wanted: Reservation): void {
    const full =
      this.inFlightEvents + wanted.events > this.limits.inFlightEventsMax ||
      this.inFlightBytes + wanted.bytes > this.limits.inFlightBytesMax;
    if (full && this.inFlightEvents > 0) throw this.overloaded();
    this.inFlightEvents += wanted.events;
    this.inFlightBytes += wanted.bytes;
  }

  release(held: Reservation): void {
    this.inFlightEvents -= held.events;
    this.inFlightBytes -= held.bytes;
    invariant(this.inFlightEvents >= 0 && this.inFlightBytes >= 0, 'a reservation is released once');
  }

  /** Throws `unavailable` when the log refuses: the events may or may not be in it. */
  async take(source: string, records: readonly TrackedRecord[], letters: readonly DeadLetterRecord[]): Promise<void> {
    const [first] = records;
    const sending = first && this.sender?.('events', records.length, first.receivedMs);
    const durable = new Set<Promise<void>>();
    for (const record of records) durable.add(this.addEvent(record, record === first ? sending?.first : sending?.headers));
    for (const letter of letters) durable.add(this.addLetter(source, letter));
    // A failed append leaves others under way: all are awaited, so that nothing is in flight after the release.
    const outcomes = await Promise.allSettled(durable);
    const failure = outcomes.find((outcome) => outcome.status === 'rejected');
    sending?.ended(failure?.reason);
    if (failure !== undefined) {
      this.counters.notDurable += records.length + letters.length;
      throw this.unavailable(failure.reason);
    }
  }

  private addEvent(value: TrackedRecord, headers: NewRecord['headers']): Promise<void> {
    const key = keyOf(value.workspace, 'sender', value.sender);
    const appenders = this.appendersOf('events');
    const record: NewRecord = { key, value, timeMs: value.timeMs };
    return appender(appenders, partitionOf(key, appenders.length)).add(headers ? withHeaders(record, headers) : record);
  }

  private addLetter(source: string, letter: DeadLetterRecord): Promise<void> {
    const key = keyOf(letter.workspace, 'source', source);
    const appenders = this.appendersOf('dead-letters');
    return appender(appenders, partitionOf(key, appenders.length)).add({ key, value: letter });
  }

  private appendersOf(topic: TopicId): readonly PartitionAppender[] {
    const known = this.appenders.get(topic);
    if (known !== undefined) return known;
    const created = Array.from(
      { length: this.log.partitions(topic) },
      (_, partition) => new PartitionAppender(this.log, topic, partition),
    );
    this.appenders.set(topic, created);
    return created;
  }

  private overloaded(): ProblemException {
    return new ProblemException('overloaded', {
      detail: 'More events are waiting to become durable than the bound allows.',
      found: `${String(this.inFlightEvents)} events, ${String(this.inFlightBytes)} bytes`,
      allowed: `${String(this.limits.inFlightEventsMax)} events, ${String(this.limits.inFlightBytesMax)} bytes`,
      next: 'wait as long as Retry-After says, then send the same request again',
      retryAfterSeconds: this.limits.retryAfterSeconds,
    });
  }

  private unavailable(cause: unknown): ProblemException {
    return new ProblemException(
      'unavailable',
      {
        detail: 'The log did not confirm the events.',
        next: 'send the same request again; events with the same messageId count once',
        retryAfterSeconds: this.limits.retryAfterSeconds,
      },
      { cause },
    );
  }
}

function appender(appenders: readonly PartitionAppender[], partition: number): PartitionAppender {
  const found = appenders[partition];
  invariant(found !== undefined, `partition ${String(partition)} exists`);
  return found;
}
