// One request from its body to its answer: read, append, count, answer.
// A1 The answer is given after everything in it is durable.
// A2 An event that is refused is answered with its place and reason; the request itself succeeds, as Segment's clients expect.
import type { DeadLetterRecord, TrackedRecord } from '@tessera/contracts';
import type { CompiledIdentityRules } from '@tessera/identity';
import { ProblemException } from '@tessera/nest';
import type { Credential } from '@tessera/nest';
import type { Clock, Ids } from '@tessera/runtime';
import { formatInstant } from '@tessera/time';
import { readTime, Refusal } from '@tessera/tracking';
import type { Arrival, ClockRule, ParsedCall, TrackingLimits } from '@tessera/tracking';
import { originalOf } from '../tracking/body.js';
import type { Body } from '../tracking/body.js';
import { BodyRefusal } from '../tracking/body-refusal.js';
import { readEvents } from '../tracking/read-events.js';
import type { EventsRead, RefusedEvent } from '../tracking/read-events.js';
import type { IngestionCounters } from './counters.js';
import type { Intake } from './intake.js';

/** What an event became, where it was not accepted. */
export interface Verdict {
  /** Position in the request. */
  readonly index: number;
  readonly verdict: 'refused' | 'duplicate';
  readonly messageId?: string;
  readonly reason?: string;
  readonly field?: string;
  readonly detail?: string;
}

export interface Answer {
  readonly success: true;
  readonly verdicts?: readonly Verdict[];
}

export interface ReceptionPorts {
  readonly clock: Clock;
  readonly ids: Ids;
  identityRules(workspace: string): CompiledIdentityRules;
}

export interface Arrived {
  readonly credential: Credential;
  readonly body: Body;
  readonly clock: ClockRule;
  /** Endpoint, for the place of a dead letter. */
  readonly endpoint: string;
  readonly contentType: string;
  read(call: ParsedCall, arrival: Arrival): TrackedRecord | Refusal;
}

export class Reception {
  constructor(
    private readonly ports: ReceptionPorts,
    private readonly intake: Intake,
    private readonly counters: IngestionCounters,
    private readonly limits: TrackingLimits,
  ) {}

  async receive(arrived: Arrived): Promise<Answer> {
    const { body, credential } = arrived;
    const held = { events: body.events.length, bytes: body.bytes.length + body.shared.bytes * body.events.length };
    this.intake.reserve(held);
    try {
      const arrival = this.arrivalOf(arrived);
      const read = readEvents(body, (call) => arrived.read(call, arrival), this.limits);
      if (read instanceof BodyRefusal) throw new ProblemException(read.code, read.facts);
      this.counters.received += body.events.length;
      const letters = read.refused.map((refused) => letterOf(refused, arrived, arrival.receivedMs));
      await this.intake.take(credential.source, read.records, letters);
      this.count(read);
      return answerOf(read);
    } finally {
      this.intake.release(held);
    }
  }

  private arrivalOf({ credential, body, clock }: Arrived): Arrival {
    return {
      workspace: credential.workspace,
      source: credential.source,
      rules: this.ports.identityRules(credential.workspace),
      context: body.shared.context,
      integrations: body.shared.integrations,
      nextId: () => this.ports.ids.next(),
      receivedMs: this.ports.clock.nowMs(),
      sentAtMs: readTime(body.shared.sentAt),
      clock,
    };
  }

  private count({ records, duplicates, refused }: EventsRead): void {
    this.counters.accepted += records.length;
    this.counters.duplicateInRequest += duplicates.length;
    for (const { refusal } of refused) this.counters.countDeadLetter(refusal.reason);
  }
}

function letterOf({ index, refusal }: RefusedEvent, arrived: Arrived, receivedMs: number): DeadLetterRecord {
  return {
    kind: 'deadLetter',
    workspace: arrived.credential.workspace,
    reason: refusal.reason,
    detail: refusal.field === '' ? refusal.detail : `${refusal.field}: ${refusal.detail}`,
    place: `ingestion ${arrived.endpoint}[${String(index)}]`,
    topic: '',
    partition: -1,
    offset: -1,
    received: formatInstant(receivedMs),
    original: originalOf(arrived.body, index),
    contentType: arrived.contentType,
  };
}

function answerOf({ refused, duplicates }: EventsRead): Answer {
  if (refused.length === 0 && duplicates.length === 0) return { success: true };
  const verdicts: Verdict[] = duplicates.map(({ index, messageId }) => ({ index, verdict: 'duplicate', messageId }));
  for (const { index, refusal } of refused) {
    const { reason, field, detail } = refusal;
    verdicts.push({ index, verdict: 'refused', reason, ...(field === '' ? {} : { field }), detail });
  }
  return { success: true, verdicts: verdicts.sort((a, b) => a.index - b.index) };
}
