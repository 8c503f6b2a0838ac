// The state store on MongoDB: one collection of documents per stage, one of partition documents.
// S1 Everything the ports promise (P3): a document is written only over one with a smaller lastOffset, by a guard in the write's own
//    filter, and is in the journal of most nodes when `write` resolves.
// S2 The partition document is written after all writes of its space that were called before it; if one of them failed, it is not written.
// S3 Single documents only: no transaction, session, pipeline update, partial index, collation or expiry of the server.
// S4 A failure that passes is repeated a bounded number of times, then it is a RetryableError (errors.ts). A repeated write may find
//    its own first try there, and is counted as refused.
import type { Key } from '@tessera/contracts';
import type { DueEntry, PartitionDocument, Space, StateDocument, StateStore } from '@tessera/runtime';
import type mongoose from 'mongoose';
import { cut, several, writeGuarded } from './bulks.js';
import type { Update } from './bulks.js';
import { bodyOf, documentOf, dueEntryOf, partitionBodyOf, partitionDocumentOf, requireFits } from './document-form.js';
import type { PartitionBody, StoredDocument, StoredDue } from './document-form.js';
import { connect } from './connection.js';
import { persistently } from './errors.js';
import { between, byId, byIds, dueFrom, notAhead, olderThan } from './filters.js';
import { encodeId, rangeOf } from './key-codec.js';
import { settingsOf } from './options.js';
import type { MongoStateStoreOptions, StoreSettings } from './options.js';
import { chunksFrom } from './scans.js';
import { COLLECTIONS, migrate, openStage } from './schema.js';
import { WritesUnderWay } from './writes-under-way.js';

interface StoredPartition extends PartitionBody {
  readonly _id: string;
}

/** Where the documents of a space stand, once its collection is there. */
interface Place {
  /** `stage/partition`: the id of its partition document, and what messages call it. */
  readonly name: string;
  readonly collection: string;
  readonly prefix: string;
  readonly end: string;
}

/** As in the names of collections: stages are ours, and no user's text. */
const STAGE = /^[a-z][a-z0-9]*([.-][a-z0-9]+)*$/;
const STAGE_LENGTH_MAX = 100;
/** About what stands around the bytes of a document in a bulk. */
const ENVELOPE_BYTES = 100;
const DELETES_AT_ONCE = 1_000;

export class MongoStateStore implements StateStore {
  private readonly database: mongoose.mongo.Db;
  /** Stages whose collection and index are there, or on their way. */
  private readonly stages = new Map<string, Promise<void>>();
  private readonly underWay = new WritesUnderWay();
  private closing: Promise<void> | undefined;

  private constructor(
    private readonly connection: mongoose.Connection,
    private readonly settings: StoreSettings,
  ) {
    this.database = connection.getClient().db(settings.database);
  }

  /**
   * Connects and brings the database to this release's form. Throws StoreSettingsError (address, credentials, a later schema), or
   * RetryableError where no server answers in time.
   */
  static async open(options: MongoStateStoreOptions): Promise<MongoStateStore> {
    const settings = settingsOf(options);
    const connection = await connect(settings);
    try {
      const store = new MongoStateStore(connection, settings);
      await persistently(settings.retries, 'preparing the state store', () => migrate(store.database));
      return store;
    } catch (error) {
      await connection.close(true);
      throw error;
    }
  }

  async load(space: Space, keys: readonly Key[]): Promise<readonly (StateDocument | undefined)[]> {
    const place = await this.place(space);
    const { readDocuments, atOnce } = this.settings.limits;
    const ids = keys.map((key) => encodeId(place.prefix, key));
    const pieces = cut(ids, readDocuments, Infinity, () => 0);
    const found = new Map<string, StateDocument>();
    await several(pieces, atOnce, async (piece) => {
      const what = `reading ${String(piece.length)} documents of ${place.name}`;
      const filter = byIds(piece);
      const documents = await this.persistently(what, () =>
        this.database
          .collection<StoredDocument>(place.collection)
          .find(filter, { batchSize: piece.length + 1 })
          .toArray(),
      );
      for (const stored of documents) found.set(stored._id, documentOf(stored));
    });
    return ids.map((id) => found.get(id));
  }

  async write(space: Space, documents: readonly StateDocument[]): Promise<number> {
    this.requireOpen();
    return this.underWay.follow(nameOf(space), this.writeAll(space, documents));
  }

  async loadPartition(space: Space): Promise<PartitionDocument | undefined> {
    const { name } = await this.place(space);
    const stored = await this.persistently(`reading the partition document of ${name}`, () =>
      this.database.collection<StoredPartition>(COLLECTIONS.partitions).findOne(byId(name)),
    );
    return stored === null ? undefined : partitionDocumentOf(stored);
  }

  async writePartition(space: Space, document: PartitionDocument): Promise<void> {
    this.requireOpen();
    const name = nameOf(space);
    const before = this.underWay.done(name);
    await this.underWay.follow(name, this.writePartitionAfter(before, space, document));
  }

  async *scan(space: Space, fromKey?: Key): AsyncIterable<readonly StateDocument[]> {
    const place = await this.settledPlace(space);
    const collection = this.database.collection<StoredDocument>(place.collection);
    const from = fromKey === undefined ? place.prefix : encodeId(place.prefix, fromKey);
    const begin = (last: StoredDocument | undefined): mongoose.mongo.FindCursor<StoredDocument> =>
      collection.find(between(last?._id ?? from, place.end, last !== undefined), {
        sort: { _id: 1 },
        batchSize: this.settings.limits.readDocuments,
      });
    for await (const chunk of chunksFrom(this.settings.retries, `scanning ${place.name}`, begin)) yield chunk.map(documentOf);
  }

  /**
   * By the index `due`, from the lowest due time on. The scan remembers how far it came: after a failure it goes on from that due
   * time and does not begin anew.
   */
  async *scanDue(space: Space): AsyncIterable<readonly DueEntry[]> {
    const place = await this.settledPlace(space);
    const collection = this.database.collection<StoredDue>(place.collection);
    const begin = (last: StoredDue | undefined): mongoose.mongo.FindCursor<StoredDue> =>
      collection.find<StoredDue>(dueFrom(space.partition, last?.d ?? -Infinity), {
        sort: { p: 1, d: 1, _id: 1 },
        projection: { _id: 1, d: 1, j: 1 },
        batchSize: this.settings.limits.readDocuments,
      });
    const isAfter = (entry: StoredDue, last: StoredDue): boolean => entry.d > last.d || entry._id > last._id;
    for await (const chunk of chunksFrom(this.settings.retries, `scanning the timers of ${place.name}`, begin, isAfter)) {
      yield chunk.map(dueEntryOf);
    }
  }

  /** The partition document goes first: what is left after a crash is a space that begins anew and finds documents ahead. */
  async clear(space: Space): Promise<void> {
    const place = await this.settledPlace(space);
    const { name, prefix, end } = place;
    const documents = this.database.collection<StoredDocument>(place.collection);
    const partitions = this.database.collection<StoredPartition>(COLLECTIONS.partitions);
    const what = `clearing ${name}`;
    await this.persistently(what, () => partitions.deleteOne(byId(name)));
    for (;;) {
      const found = await this.persistently(what, () =>
        documents
          .find(between(prefix, end), { projection: { _id: 1 }, limit: DELETES_AT_ONCE, batchSize: DELETES_AT_ONCE + 1 })
          .toArray(),
      );
      if (found.length === 0) return;
      const filter = byIds(found.map(({ _id }) => _id));
      await this.persistently(what, () => documents.deleteMany(filter));
    }
  }

  /** Waits for the writes under way; after it, every call is refused. */
  close(): Promise<void> {
    this.closing ??= this.underWay.ended().then(() => this.connection.close());
    return this.closing;
  }

  private async writeAll(space: Space, documents: readonly StateDocument[]): Promise<number> {
    const { stage, partition } = space;
    const { prefix } = rangeOf(partition);
    for (const { key, bytes } of documents) requireFits(space, key, bytes);
    const updates = documents.map((document): Update => ({
      q: olderThan(encodeId(prefix, document.key), document.lastOffset),
      u: bodyOf(partition, document),
      upsert: true,
    }));
    const { collection, name } = await this.place({ stage, partition });
    const { writeDocuments, writeBytes, atOnce } = this.settings.limits;
    const bulks = cut(updates, writeDocuments, writeBytes, sizeOf);
    const refused = await several(bulks, atOnce, (bulk) =>
      this.persistently(`writing ${String(bulk.length)} documents of ${name}`, () => writeGuarded(this.target(collection), bulk)),
    );
    return refused.reduce((sum, one) => sum + one, 0);
  }

  private async writePartitionAfter(before: Promise<unknown>, space: Space, document: PartitionDocument): Promise<void> {
    requireFits(space, 'the partition document', document.bytes);
    await before;
    const { name } = await this.place(space);
    const update = { q: notAhead(name, document.nextOffset), u: partitionBodyOf(document), upsert: true };
    await this.persistently(`writing the partition document of ${name}`, () =>
      writeGuarded(this.target(COLLECTIONS.partitions), [update]),
    );
  }

  private target(collection: string): Parameters<typeof writeGuarded>[0] {
    return { database: this.database, collection, answerMs: this.settings.answerMs };
  }

  /** After all writes of the space that were called before; their failures are told to who called them. */
  private async settledPlace(space: Space): Promise<Place> {
    const place = await this.place(space);
    await this.underWay.done(place.name).catch(() => undefined);
    return place;
  }

  private async place(space: Space): Promise<Place> {
    this.requireOpen();
    const { stage, partition } = space;
    const name = nameOf(space);
    const collection = `${COLLECTIONS.documents}.${stage}`;
    let opened = this.stages.get(stage);
    if (opened === undefined) {
      opened = this.persistently(`preparing the collection ${collection}`, () => openStage(this.database, collection));
      this.stages.set(stage, opened);
      opened.catch(() => this.stages.delete(stage));
    }
    await opened;
    return { name, collection, ...rangeOf(partition) };
  }

  private requireOpen(): void {
    if (this.closing !== undefined) throw new Error('the state store is closed');
  }

  private persistently<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    return persistently(this.settings.retries, what, attempt);
  }
}

function nameOf({ stage, partition }: Space): string {
  if (!STAGE.test(stage) || stage.length > STAGE_LENGTH_MAX) {
    throw new RangeError(
      `a stage has small letters, digits, dots and dashes, at most ${String(STAGE_LENGTH_MAX)}: ${stage.slice(0, 60)}`,
    );
  }
  return `${stage}/${String(partition)}`;
}

function sizeOf({ q, u }: Update): number {
  return q._id.length + (u as { readonly b: Uint8Array }).b.length + ENVELOPE_BYTES;
}
