// All events of one request: accepted as records, or refused one by one with a reason and a place.
// Q1 Every event of the body is in exactly one of `records`, `refused` and `duplicates`.
// Q2 A body that turns out not to be JSON gives a BodyRefusal, and then nothing of it counts.
// Q3 A repeated message id of the same sender is left out here already. One that is missed here (two senders share an id) is
//    dropped by features, as across requests: where a batch is cut changes nothing.
import type { TrackedRecord } from '@tessera/contracts';
import { Refusal } from '@tessera/tracking';
import type { ParsedCall, TrackingLimits } from '@tessera/tracking';
import { callAt } from './body.js';
import type { Body } from './body.js';
import { BodyRefusal } from './body-refusal.js';

export interface RefusedEvent {
  readonly index: number;
  readonly refusal: Refusal;
}

export interface DuplicateEvent {
  readonly index: number;
  readonly messageId: string;
}

export interface EventsRead {
  readonly records: readonly TrackedRecord[];
  readonly refused: readonly RefusedEvent[];
  readonly duplicates: readonly DuplicateEvent[];
}

export function readEvents(
  body: Body,
  read: (call: ParsedCall) => TrackedRecord | Refusal,
  limits: TrackingLimits,
): EventsRead | BodyRefusal {
  const records: TrackedRecord[] = [];
  const refused: RefusedEvent[] = [];
  const duplicates: DuplicateEvent[] = [];
  const seen = new Map<string, string>();
  for (let index = 0; index < body.events.length; index++) {
    const call = callAt(body, index, limits);
    if (call instanceof Refusal && call.reason === 'not-json') return notJson(call, index);
    const record = call instanceof Refusal ? call : read(call);
    if (record instanceof Refusal) refused.push({ index, refusal: record });
    else if (seen.get(record.messageId) === record.sender) duplicates.push({ index, messageId: record.messageId });
    else {
      seen.set(record.messageId, record.sender);
      records.push(record);
    }
  }
  return { records, refused, duplicates };
}

function notJson({ detail }: Refusal, index: number): BodyRefusal {
  return new BodyRefusal('invalid-json', {
    detail: `${detail} It is event ${String(index)} of the body; nothing was accepted.`,
    field: `batch[${String(index)}]`,
    next: 'check the body with a JSON parser and send it again',
  });
}
