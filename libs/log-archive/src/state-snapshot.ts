// Snapshots of state with offsets: for each space (a partition of a stage) its partition document and its documents, in an ObjectStore.
//   <prefix><id>/<stage>/<partition>/<chunk>.zst     documents in key order, canonical codec, zstd
//   <prefix><id>/snapshot.json                       written last: what is there, with the SHA-256 of every chunk
// N1 A snapshot may be taken while the system runs. The partition document is read first, the documents after it: all that the records below its
//    offset have caused is in them, and some may be ahead, as after a crash. A document is guarded by its lastOffset and a step reads no other
//    document, so the loop that goes on at the partition document makes the same state of it. It needs its log from that offset on.
// N2 Of a system that stands still and is drained, a snapshot holds the same bytes whatever the kind of store: documents are in the order of
//    their keys, encoded canonically.
// N3 A snapshot is there when its snapshot.json is. A restore checks every chunk before its documents are written, and begins only in empty spaces;
//    one that fails leaves them empty. What a killed one leaves is for whoever opened the store: nothing in it says that it is not whole.
// N4 Bounded memory: one chunk.
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import { Reader, Writer } from '@tessera/codec';
import type { Key } from '@tessera/contracts';
import type { ObjectStore } from '@tessera/object-store';
import { listAll } from '@tessera/object-store';
import type { Space, StateDocument, StateStore } from '@tessera/runtime';

export interface SnapshotChunk {
  readonly name: string;
  readonly bytes: number;
  readonly documents: number;
  readonly sha256: string;
}

export interface SpaceSnapshot extends Space {
  /** Where the loop goes on. */
  readonly nextOffset: number;
  readonly logTimeMs: number;
  /** The partition's state in base64. */
  readonly state: string;
  readonly documents: number;
  /** Of them, those that are ahead of `nextOffset`. */
  readonly ahead: number;
  /** All records that anything in it was made of are below. A log that ends before is of an earlier past. */
  readonly reachesTo: number;
  readonly chunks: readonly SnapshotChunk[];
}

export interface Snapshot {
  readonly version: 1;
  readonly id: string;
  /** Of the wide topics. */
  readonly partitions: number;
  readonly spaces: readonly SpaceSnapshot[];
}

export interface SnapshotPlace {
  readonly objects: ObjectStore;
  /** Before every name, ending with `/`. Default `snapshots/`. */
  readonly prefix?: string;
}

/** What a snapshot is of. */
export interface SnapshotExtent {
  readonly spaces: readonly Space[];
  /** Of the wide topics. */
  readonly partitions: number;
}

/** Told when a space is done. */
export type SpaceDone = (space: SpaceSnapshot) => void;

const CHUNK_BYTES = 4 << 20;
const CHUNK_BYTES_MAX = 1 << 30;
const CHUNK_VERSION = 1;
const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** `id` names it and must be new; ids that sort by time let the latest be found. Spaces without a partition document are left out. */
export async function takeSnapshot(
  place: SnapshotPlace,
  id: string,
  store: StateStore,
  { spaces, partitions }: SnapshotExtent,
  done?: SpaceDone,
): Promise<Snapshot> {
  const taken: SpaceSnapshot[] = [];
  for (const space of spaces) {
    const one = await takeSpace(place, id, store, space);
    if (one === undefined) continue;
    taken.push(one);
    done?.(one);
  }
  const snapshot: Snapshot = { version: 1, id, partitions, spaces: taken };
  const bytes = Buffer.from(JSON.stringify(snapshot));
  if ((await place.objects.put(manifestOf(place, id), bytes, { ifAbsent: true })) === 'present')
    throw new Error(`there is a snapshot ${id} already: choose another id`);
  return snapshot;
}

/** Writes the documents of the snapshot; the store may be of any kind. Throws where one of the spaces is not empty, before anything is written. */
export async function restoreSnapshot(place: SnapshotPlace, id: string, store: StateStore, done?: SpaceDone): Promise<Snapshot> {
  const snapshot = await readSnapshot(place, id);
  for (const space of snapshot.spaces) await requireEmpty(store, space);
  const begun: SpaceSnapshot[] = [];
  try {
    for (const space of snapshot.spaces) {
      begun.push(space);
      for (const chunk of space.chunks) await store.write(space, await readChunk(place, chunk));
      const { nextOffset, logTimeMs, state } = space;
      await store.writePartition(space, { nextOffset, logTimeMs, bytes: new Uint8Array(Buffer.from(state, 'base64')) });
      done?.(space);
    }
  } catch (error) {
    for (const space of begun) await store.clear(space);
    throw error;
  }
  return snapshot;
}

/** Throws where there is none, or it is of a later release. */
export async function readSnapshot(place: SnapshotPlace, id: string): Promise<Snapshot> {
  const name = manifestOf(place, id);
  const bytes = await place.objects.get(name);
  if (bytes === undefined)
    throw new Error(
      `there is no snapshot ${id}: ${name} is not in the store; there are: ${(await listSnapshots(place)).join(', ') || 'none'}`,
    );
  const snapshot = JSON.parse(Buffer.from(bytes).toString('utf8')) as Snapshot;
  if (snapshot.version !== 1) throw new Error(`${name} has version ${String(snapshot.version)}, known is 1: use a later release`);
  // JSON has no -Infinity: the log time of a partition that has seen none yet.
  return { ...snapshot, spaces: snapshot.spaces.map((space) => ({ ...space, logTimeMs: (space.logTimeMs as number | null) ?? -Infinity })) }; // prettier-ignore
}

/** Ids of the complete snapshots, rising. */
export async function listSnapshots(place: SnapshotPlace): Promise<readonly string[]> {
  const prefix = prefixOf(place);
  const ids: string[] = [];
  for await (const { name } of listAll(place.objects, prefix)) {
    const [id = '', file, ...deeper] = name.slice(prefix.length).split('/');
    if (file === 'snapshot.json' && deeper.length === 0) ids.push(id);
  }
  return ids.sort();
}

async function takeSpace(place: SnapshotPlace, id: string, store: StateStore, space: Space): Promise<SpaceSnapshot | undefined> {
  const { stage, partition } = space;
  const document = await store.loadPartition(space);
  if (document === undefined) return undefined;
  const folder = `${prefixOf(place)}${id}/${stage}/${String(partition).padStart(5, '0')}/`;
  const chunks: SnapshotChunk[] = [];
  let waiting: StateDocument[] = [];
  let bytes = 0;
  let ahead = 0;
  let reachesTo = document.nextOffset;
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    chunks.push(await writeChunk(place, `${folder}${String(chunks.length).padStart(6, '0')}.zst`, waiting));
    waiting = [];
    bytes = 0;
  };
  for await (const documents of store.scan(space)) {
    for (const one of documents) {
      waiting.push(one);
      bytes += one.bytes.length + one.key.length;
      if (one.lastOffset >= document.nextOffset) ahead += 1;
      reachesTo = Math.max(reachesTo, one.lastOffset + 1);
      if (bytes >= CHUNK_BYTES) await flush();
    }
  }
  await flush();
  return {
    stage,
    partition,
    nextOffset: document.nextOffset,
    logTimeMs: document.logTimeMs,
    state: Buffer.from(document.bytes).toString('base64'),
    documents: chunks.reduce((sum, chunk) => sum + chunk.documents, 0),
    ahead,
    reachesTo,
    chunks,
  };
}

async function writeChunk({ objects }: SnapshotPlace, name: string, documents: readonly StateDocument[]): Promise<SnapshotChunk> {
  const writer = new Writer();
  writer.byte(CHUNK_VERSION);
  writer.uint(documents.length);
  for (const { key, lastOffset, dueMs, jobOwed, bytes } of documents) {
    writer.string(key);
    writer.int(lastOffset);
    writer.double(dueMs);
    writer.bool(jobOwed);
    writer.bytes(bytes);
  }
  const stored = await compress(writer.take());
  await objects.put(name, stored);
  return { name, bytes: stored.length, documents: documents.length, sha256: sha256(stored) };
}

async function readChunk({ objects }: SnapshotPlace, chunk: SnapshotChunk): Promise<readonly StateDocument[]> {
  const stored = await objects.get(chunk.name);
  if (stored === undefined || sha256(stored) !== chunk.sha256)
    throw new Error(
      `the snapshot is damaged: ${chunk.name} ${stored === undefined ? 'is not there' : 'has another checksum'}; use another snapshot`,
    );
  const reader = new Reader(await decompress(stored, { maxOutputLength: CHUNK_BYTES_MAX }));
  const version = reader.byte();
  if (version !== CHUNK_VERSION)
    throw new Error(`${chunk.name} has version ${String(version)}, known is ${String(CHUNK_VERSION)}`);
  return Array.from({ length: reader.uint() }, () => ({
    key: reader.string() as Key,
    lastOffset: reader.int(),
    dueMs: reader.double(),
    jobOwed: reader.bool(),
    bytes: Uint8Array.from(reader.bytes()),
  }));
}

async function requireEmpty(store: StateStore, space: Space): Promise<void> {
  const place = `${space.stage}/${String(space.partition)}`;
  const refuse = (): never => {
    throw new Error(`${place} holds state already: restore into an empty store, or empty this one first`);
  };
  if ((await store.loadPartition(space)) !== undefined) refuse();
  for await (const documents of store.scan(space)) if (documents.length > 0) refuse();
}

function prefixOf({ prefix = 'snapshots/' }: SnapshotPlace): string {
  return prefix;
}

function manifestOf(place: SnapshotPlace, id: string): string {
  return `${prefixOf(place)}${id}/snapshot.json`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
