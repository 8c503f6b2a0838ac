// Records of the logs for people and scripts: tail of a topic, dead letters, the timeline of a profile.
// T1 Only records of the asker's workspace are shown; those of others are passed over.
// T2 A cursor says where to go on in every partition; the records of a page are ordered by stamp, and by place within one.
// T3 A tail without news waits for some, up to a bound; a stop of the process ends the wait.
import {
  asUnreadable,
  belongsTo,
  keyOf,
  TOPIC_IDS,
  TOPICS,
  type AnyRecord,
  type DeadLetterRecord,
  type SegmentsChangedRecord,
  type TopicId,
} from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import { ProblemException } from '@tessera/nest';
import type { Clock, EventLog, LogRecord } from '@tessera/runtime';
import { formatInstant } from '@tessera/time';

export interface TailQuestion {
  readonly topic: string;
  /** `start`, `end` or the cursor of an answer. */
  readonly from: string;
  readonly limit: number;
  readonly waitMs: number;
}

export interface TailedRecord {
  readonly topic: TopicId;
  readonly partition: number;
  readonly offset: number;
  readonly stamp: string;
  readonly key: string;
  /** null is a tombstone; bytes are base64. */
  readonly value: unknown;
}

export interface TailPage {
  readonly records: readonly TailedRecord[];
  readonly next: string;
}

export interface DeadLetterShown extends Omit<DeadLetterRecord, 'kind' | 'original'> {
  /** Of the letter itself: names it. */
  readonly letter: { readonly partition: number; readonly offset: number };
  /** The original bytes as text where they are UTF-8, else base64. */
  readonly original: string;
  readonly encoding: 'utf8' | 'base64';
}

interface Found {
  readonly partition: number;
  readonly record: LogRecord;
}

const LIMIT_MAX = 5_000;
const WAIT_MS_MAX = 25_000;
const READ_BYTES = 8 << 20;
const CHUNK = 5_000;

export class TopicReader {
  private readonly stopping = new AbortController();

  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
  ) {}

  /** Ends every wait. */
  stop(): void {
    this.stopping.abort();
  }

  async tail(workspace: string, { topic: name, from, limit, waitMs }: TailQuestion): Promise<TailPage> {
    const topic = topicOf(name);
    const offsets = await this.offsetsOf(topic, from);
    const count = Math.min(Math.max(limit, 1), LIMIT_MAX);
    const deadlineMs = this.clock.nowMs() + Math.min(waitMs, WAIT_MS_MAX);
    for (;;) {
      const heard = this.heard(topic);
      try {
        const records = await this.page(workspace, topic, offsets, count);
        const leftMs = deadlineMs - this.clock.nowMs();
        if (records.length > 0 || leftMs <= 0 || this.stopping.signal.aborted) return { records, next: offsets.join('.') };
        await heard.within(leftMs);
      } finally {
        heard.cancel();
      }
    }
  }

  /** All changes of one profile, oldest first; the last `limit` of them. Repeated records count once. */
  async timeline(workspace: string, profile: string, limit: number): Promise<readonly SegmentsChangedRecord[]> {
    const key = keyOf(workspace, 'profile', profile);
    const partition = partitionOf(key, this.log.partitions('segment-changes'));
    const bySequence = new Map<number, SegmentsChangedRecord>();
    for await (const { record } of this.all('segment-changes', partition)) {
      if (record.key === key && record.value?.kind === 'segmentsChanged') bySequence.set(record.value.sequence, record.value);
    }
    const changes = [...bySequence.values()].sort((a, b) => a.sequence - b.sequence);
    return changes.slice(-Math.min(Math.max(limit, 1), LIMIT_MAX));
  }

  /** The newest first. */
  async deadLetters(workspace: string, limit: number): Promise<readonly DeadLetterShown[]> {
    const count = Math.min(Math.max(limit, 1), LIMIT_MAX);
    let newest: Found[] = [];
    for (let partition = 0; partition < this.log.partitions('dead-letters'); partition++) {
      for await (const found of this.all('dead-letters', partition)) {
        if (!belongsTo(found.record.key, workspace)) continue;
        newest.push(found);
        if (newest.length > 2 * count) newest = newest.sort(newestFirst).slice(0, count);
      }
    }
    return newest.sort(newestFirst).slice(0, count).map(letterOf);
  }

  async deadLetter(workspace: string, partition: number, offset: number): Promise<DeadLetterShown> {
    if (partition < this.log.partitions('dead-letters')) {
      const { records } = await this.log.read('dead-letters', partition, offset, { records: 1, bytes: 1 });
      const [record] = records;
      if (record?.offset === offset && belongsTo(record.key, workspace)) return letterOf({ partition, record });
    }
    throw new ProblemException('not-found', {
      detail: 'There is no such dead letter.',
      found: `${String(partition)}/${String(offset)}`,
      next: 'list the dead letters',
    });
  }

  /** Moves the offsets over what the page holds. */
  private async page(workspace: string, topic: TopicId, offsets: number[], count: number): Promise<readonly TailedRecord[]> {
    const batches = await Promise.all(
      offsets.map((offset, partition) => this.log.read(topic, partition, offset, { records: count, bytes: READ_BYTES })),
    );
    const own = batches.map(({ records }) => records.filter(({ key }) => belongsTo(key, workspace)));
    const found: Found[] = own.flatMap((records, partition) => records.map((record) => ({ partition, record })));
    const page = found.sort(oldestFirst).slice(0, count);
    const taken = new Array<number>(offsets.length).fill(0);
    for (const { partition } of page) taken[partition] = (taken[partition] as number) + 1;
    batches.forEach(({ nextOffset }, partition) => {
      offsets[partition] = own[partition]?.[taken[partition] as number]?.offset ?? nextOffset;
    });
    return page.map(({ partition, record }) => shownOf(topic, partition, record));
  }

  /** To be asked for before a look, so that what comes during the look is heard. */
  private heard(topic: TopicId): { within(ms: number): Promise<void>; cancel(): void } {
    const news = new AbortController();
    const wake = (): void => {
      news.abort();
    };
    const unsubscribes = Array.from({ length: this.log.partitions(topic) }, (_, i) => this.log.subscribe(topic, i, wake));
    const cancel = (): void => {
      for (const unsubscribe of unsubscribes) unsubscribe();
    };
    return {
      cancel,
      within: (ms) => this.clock.wait(ms, AbortSignal.any([news.signal, this.stopping.signal])),
    };
  }

  private async *all(topic: TopicId, partition: number): AsyncIterable<Found> {
    const end = await this.log.endOffset(topic, partition);
    let offset = await this.log.startOffset(topic, partition);
    while (offset < end) {
      const { records, nextOffset } = await this.log.read(topic, partition, offset, { records: CHUNK, bytes: READ_BYTES });
      for (const record of records) yield { partition, record };
      if (nextOffset <= offset) return;
      offset = nextOffset;
    }
  }

  private async offsetsOf(topic: TopicId, from: string): Promise<number[]> {
    const partitions = this.log.partitions(topic);
    if (from === 'start' || from === 'end') {
      const of = from === 'start' ? this.log.startOffset.bind(this.log) : this.log.endOffset.bind(this.log);
      return Promise.all(Array.from({ length: partitions }, (_, partition) => of(topic, partition)));
    }
    const offsets = from.split('.').map(Number);
    if (offsets.length === partitions && offsets.every((offset) => Number.isSafeInteger(offset) && offset >= 0)) return offsets;
    throw new ProblemException('invalid-field', {
      detail: `from: found "${from.slice(0, 80)}", allowed are start, end and the cursor of an answer.`,
      field: 'from',
      allowed: 'start, end or a cursor of this topic',
      next: 'begin with start or end, and go on with "next" of the answer',
    });
  }
}

function topicOf(name: string): TopicId {
  if (Object.hasOwn(TOPICS, name)) return name as TopicId;
  throw new ProblemException('not-found', {
    detail: `There is no topic "${name}".`,
    found: name,
    allowed: TOPIC_IDS.join(', '),
    next: 'name one of these topics',
  });
}

function shownOf(topic: TopicId, partition: number, { offset, stampMs, key, value }: LogRecord): TailedRecord {
  return { topic, partition, offset, stamp: formatInstant(stampMs), key, value: plain(value) };
}

/** Bytes as base64, so that a record has a JSON form. */
function plain(value: AnyRecord | null): unknown {
  const found = value?.kind === 'deadLetter' ? value : asUnreadable(value);
  return found === undefined ? value : { ...found, original: Buffer.from(found.original).toString('base64') };
}

function letterOf({ partition, record }: Found): DeadLetterShown {
  const { kind: _, original, ...letter } = record.value as DeadLetterRecord;
  const bytes = Buffer.from(original);
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text, 'utf8').equals(bytes);
  return {
    ...letter,
    letter: { partition, offset: record.offset },
    original: isText ? text : bytes.toString('base64'),
    encoding: isText ? 'utf8' : 'base64',
  };
}

function oldestFirst(a: Found, b: Found): number {
  return a.record.stampMs - b.record.stampMs || a.partition - b.partition || a.record.offset - b.record.offset;
}

function newestFirst(a: Found, b: Found): number {
  return oldestFirst(b, a);
}
