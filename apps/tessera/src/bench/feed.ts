// Feeds NDJSON of tracking calls straight into the log `events`, with an event clock: no HTTP, the checks of ingestion all the same.
import { keyOf } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import { DEFAULT_IDENTITY_RULES } from '@tessera/identity';
import type { EventLog, NewRecord } from '@tessera/runtime';
import { Refusal, toTracked, type ParsedCall } from '@tessera/tracking';
import { linesOf } from './lines.js';

/** Records per append: the frame of the embedded log. */
const FRAME = 1_000;
/** The year 9999: no event is from after its arrival. */
const NEVER_LATER_MS = Date.UTC(9999, 0);
/** Frames not yet durable. */
const IN_FLIGHT_MAX = 32;

export interface FeedOptions {
  readonly log: EventLog;
  /** NDJSON of tracking calls. */
  readonly file: string;
  readonly workspace: string;
  readonly progress: (events: number) => void;
  /** Resolves when the stages are near enough. */
  readonly room: () => Promise<void>;
}

export interface Fed {
  readonly events: number;
  readonly refused: number;
  /** Least and greatest time of an event. */
  readonly firstMs: number;
  readonly lastMs: number;
}

export async function feed({ log, file, workspace, progress, room }: FeedOptions): Promise<Fed> {
  const appender = new Appender(log);
  const arrival = {
    workspace,
    source: 'import',
    rules: DEFAULT_IDENTITY_RULES,
    context: undefined,
    integrations: undefined,
    receivedMs: NEVER_LATER_MS,
    sentAtMs: undefined,
    clock: 'as-sent' as const,
    nextId: (): string => {
      throw new Error('an event of an import needs a messageId');
    },
  };
  let events = 0;
  let refused = 0;
  let firstMs = Infinity;
  let lastMs = -Infinity;
  for await (const lines of linesOf(file)) {
    for (const line of lines) {
      const tracked = toTracked(JSON.parse(line) as ParsedCall, undefined, arrival);
      if (tracked instanceof Refusal) {
        refused += 1;
        continue;
      }
      events += 1;
      if (tracked.timeMs < firstMs) firstMs = tracked.timeMs;
      if (tracked.timeMs > lastMs) lastMs = tracked.timeMs;
      const waiting = appender.add({ key: keyOf(workspace, 'sender', tracked.sender), value: tracked, timeMs: tracked.timeMs });
      if (waiting) await waiting;
      if (events % FRAME === 0) await room();
      if (events % 100_000 === 0) progress(events);
    }
  }
  await appender.flush();
  return { events, refused, firstMs, lastMs };
}

/** Frames per partition, a bounded number of them in flight. */
class Appender {
  private readonly partitions: number;
  private readonly frames: NewRecord[][];
  private readonly inFlight = new Set<Promise<unknown>>();

  constructor(private readonly log: EventLog) {
    this.partitions = log.partitions('events');
    this.frames = Array.from({ length: this.partitions }, () => []);
  }

  add(record: NewRecord): Promise<unknown> | undefined {
    const partition = partitionOf(record.key, this.partitions);
    const frame = this.frames[partition] as NewRecord[];
    frame.push(record);
    if (frame.length < FRAME) return undefined;
    this.send(partition);
    return this.inFlight.size >= IN_FLIGHT_MAX ? Promise.race(this.inFlight) : undefined;
  }

  async flush(): Promise<void> {
    for (let partition = 0; partition < this.partitions; partition++) this.send(partition);
    await Promise.all(this.inFlight);
  }

  private send(partition: number): void {
    const frame = this.frames[partition] as NewRecord[];
    if (frame.length === 0) return;
    this.frames[partition] = [];
    const sent: Promise<unknown> = this.log.append('events', partition, frame).finally(() => this.inFlight.delete(sent));
    this.inFlight.add(sent);
  }
}
