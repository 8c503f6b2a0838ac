// Reads documents of profiles, as the stage last wrote them.
// R1 What is read is never changed and never written: the stage is the one writer.
// R2 Every answer carries the position and the log time that it was read at; the partition's document is read first, so that what is
//    told is at least as new as it says.
import type { DefinitionCatalog } from '@tessera/catalog';
import { belongsTo, keyOf, type Key } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import type { Clock, EventLog, StateStore } from '@tessera/runtime';
import { createSegmentsStage, type CompiledSet, type ProfileDocument, type SegmentsStage } from '@tessera/segments';
import { formatInstant } from '@tessera/time';

export interface ProfileReaderOptions {
  readonly log: EventLog;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly catalog: DefinitionCatalog;
  readonly secretOf: (workspace: string) => string;
}

/** Where an answer was read. */
export interface Position {
  /** Log time of the partition; undefined before its first record. */
  readonly asOf: string | undefined;
  readonly partition: number;
  /** Everything before it is in the answer. */
  readonly offset: number;
}

export interface ProfileRead {
  readonly document: ProfileDocument;
  /** The set that the profile was evaluated under, else the active one; undefined before the first. */
  readonly compiled: CompiledSet | undefined;
  readonly position: Position;
  /** Present moment for conditions that change by time alone. */
  readonly nowMs: number;
}

export class ProfileReader {
  private readonly stage: SegmentsStage;

  constructor(private readonly options: ProfileReaderOptions) {
    const { log, catalog, secretOf } = options;
    this.stage = createSegmentsStage({ clock: log.clock, definitions: catalog, secretOf });
  }

  get partitions(): number {
    return this.options.log.partitions(this.stage.input);
  }

  /** Of a profile that was never heard of: an empty document. */
  async read(workspace: string, profile: string): Promise<ProfileRead> {
    const { store, clock, catalog } = this.options;
    const key = keyOf(workspace, 'profile', profile);
    const space = { stage: this.stage.name, partition: partitionOf(key, this.partitions) };
    const partition = await store.loadPartition(space);
    const [stored] = await store.load(space, [key]);
    const document = stored ? this.stage.decode(stored.bytes, key) : this.stage.create(key);
    const compiled = document.hash === '' ? catalog.active(workspace) : await catalog.load(workspace, document.hash);
    const logTimeMs = partition?.logTimeMs ?? -Infinity;
    return {
      document,
      compiled,
      position: {
        asOf: Number.isFinite(logTimeMs) ? formatInstant(logTimeMs) : undefined,
        partition: space.partition,
        offset: partition?.nextOffset ?? 0,
      },
      nowMs: Math.max(clock.nowMs(), logTimeMs),
    };
  }

  /** Profiles of a workspace in one partition, in key order, after a key. */
  async *scan(workspace: string, partition: number, after?: Key): AsyncIterable<ProfileDocument> {
    const space = { stage: this.stage.name, partition };
    const from = after ?? keyOf(workspace, 'profile', '');
    for await (const chunk of this.options.store.scan(space, from)) {
      for (const { key, bytes } of chunk) {
        if (!belongsTo(key, workspace)) return;
        if (key !== after) yield this.stage.decode(bytes, key);
      }
    }
  }
}
