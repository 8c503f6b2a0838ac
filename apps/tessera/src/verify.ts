// Rebuild and compare: every partition of every stage is folded again from its own input log, one record at a time, without batch,
// cache or checkpoint, and what comes out is compared with what is stored, byte by byte.
// B1 The fold is the serial reference of the testkit: it shares the stages with the shipped loop and nothing else.
// B2 It changes nothing. A document that a hard stop left ahead of its partition, or a partition behind its log, is counted, not compared;
//    so is a document of a compacted log whose last record is beyond its partition: what it was made of may be gone.
// B3 A partition whose log has let go of its head cannot be made again from it: that is a difference, which says so.
// B4 One partition of one log is in memory at a time.
import { DefinitionCatalog, viewFor } from '@tessera/catalog';
import { TOPICS, type Key } from '@tessera/contracts';
import type { EventLog, LogRecord, StateDocument, StateStore } from '@tessera/runtime';
import type { CompiledSet } from '@tessera/segments';
import { SerialWorld, shippedStages, type SerialStage } from '@tessera/testkit';
import type { Access } from '@tessera/service';

export interface Verification {
  readonly ok: boolean;
  readonly records: number;
  readonly partitions: number;
  readonly documents: number;
  /** Documents and partitions that were not compared: a hard stop left them ahead or behind. */
  readonly skipped: number;
  /** The first ones, as sentences. */
  readonly differences: readonly string[];
}

export interface Verifiable {
  readonly log: EventLog;
  readonly store: StateStore;
  readonly access: Access;
}

interface Tally {
  records: number;
  partitions: number;
  documents: number;
  skipped: number;
  readonly differences: string[];
}

const DIFFERENCES_MAX = 20;
const READ = { records: 10_000, bytes: 16 << 20 };

export async function verify({ log, store, access }: Verifiable): Promise<Verification> {
  const tally: Tally = { records: 0, partitions: 0, documents: 0, skipped: 0, differences: [] };
  const catalog = new DefinitionCatalog(log);
  await catalog.start();
  try {
    const sets = await allSets(catalog, access.workspaces);
    for (const stage of shippedStages({
      clock: log.clock,
      secretOf: (workspace) => access.secretOf(workspace),
      definitions: catalog,
    })) {
      for (let partition = 0; partition < log.partitions(stage.input); partition++) {
        await compare(stage, partition, { log, store }, sets, tally);
        if (tally.differences.length >= DIFFERENCES_MAX) return { ...tally, ok: false };
      }
    }
  } finally {
    await catalog.stop();
  }
  return { ...tally, ok: tally.differences.length === 0 };
}

async function allSets(catalog: DefinitionCatalog, workspaces: readonly string[]): Promise<ReadonlyMap<string, CompiledSet>> {
  const sets = new Map<string, CompiledSet>();
  for (const workspace of workspaces) {
    for (const { hash } of catalog.history(workspace)) sets.set(`${workspace}/${hash}`, await catalog.load(workspace, hash));
  }
  return sets;
}

async function compare(
  stage: SerialStage,
  partition: number,
  { log, store }: { readonly log: EventLog; readonly store: StateStore },
  sets: ReadonlyMap<string, CompiledSet>,
  tally: Tally,
): Promise<void> {
  const space = { stage: stage.name, partition };
  const place = `${stage.name}/${String(partition)}`;
  const stored = await store.loadPartition(space);
  const start = await log.startOffset(stage.input, partition);
  if (start > 0 && TOPICS[stage.input].policy === 'delete') {
    tally.differences.push(
      `${place}: ${stage.input}[${String(partition)}] begins at ${String(start)}, the records before are let go of: it cannot be made again from its log`,
    );
    return;
  }
  const { records, replaced } = await recordsUpTo(log, stage, partition, stored?.nextOffset ?? 0);
  if ((stored?.nextOffset ?? 0) < (await log.endOffset(stage.input, partition))) tally.skipped += 1;
  const serial = new SerialWorld({
    stages: [stage],
    partitions: log.partitions('events'),
    clock: log.clock,
    startMs: 0,
    loadDefinitions: (name, workspace, hash) => viewFor(name)(sets.get(`${workspace}/${hash}`) as CompiledSet),
  });
  const { folded } = serial.foldOne(partition, records);
  tally.records += records.length;
  tally.partitions += 1;
  const live = new Map<Key, StateDocument>();
  for await (const chunk of store.scan(space)) for (const document of chunk) live.set(document.key, document);
  for (const [key, { document, lastOffset }] of folded.documents) {
    const found = live.get(key);
    live.delete(key);
    if (replaced.has(key) || (found !== undefined && found.lastOffset >= (stored?.nextOffset ?? 0))) tally.skipped += 1;
    else
      tally.documents += compareDocument(
        `${place} ${key}`,
        found,
        stage.encode(document) as Uint8Array,
        lastOffset,
        tally.differences,
      );
  }
  for (const [key, { lastOffset }] of live) {
    if (replaced.has(key) || lastOffset >= (stored?.nextOffset ?? 0)) tally.skipped += 1;
    else tally.differences.push(`${place} ${key}: stored, but a rebuild has no such document`);
  }
  if (stored === undefined) return;
  const state = stage.partitionState.encode(folded.state);
  if (!equal(stored.bytes, state))
    tally.differences.push(`${place}: the partition document differs (${sizes(stored.bytes, state)})`);
  // The record that moved log time last may have been compacted away.
  const timed = records.length > 0 && TOPICS[stage.input].policy === 'delete';
  if (timed && stored.logTimeMs !== folded.logTimeMs)
    tally.differences.push(`${place}: log time is ${String(stored.logTimeMs)}, rebuilt ${String(folded.logTimeMs)}`);
}

function compareDocument(
  place: string,
  found: StateDocument | undefined,
  bytes: Uint8Array,
  lastOffset: number,
  differences: string[],
): number {
  if (found === undefined) differences.push(`${place}: not stored, but a rebuild has it`);
  else if (!equal(found.bytes, bytes))
    differences.push(`${place}: differs at offset ${String(found.lastOffset)} (${sizes(found.bytes, bytes)})`);
  else if (found.lastOffset !== lastOffset)
    differences.push(`${place}: is at offset ${String(found.lastOffset)}, rebuilt at ${String(lastOffset)}`);
  return 1;
}

/** `replaced`: keys of a compacted log with a record beyond `toOffset`, which may have taken the place of one before it. */
async function recordsUpTo(
  log: EventLog,
  stage: SerialStage,
  partition: number,
  toOffset: number,
): Promise<{ readonly records: readonly LogRecord[]; readonly replaced: ReadonlySet<Key> }> {
  const records: LogRecord[] = [];
  const replaced = new Set<Key>();
  const compacted = TOPICS[stage.input].policy === 'compact';
  const endOffset = compacted ? await log.endOffset(stage.input, partition) : toOffset;
  for (let offset = await log.startOffset(stage.input, partition); offset < endOffset;) {
    const batch = await log.read(stage.input, partition, offset, READ);
    for (const record of batch.records) {
      if (record.offset < toOffset) records.push(record);
      else if (compacted) replaced.add(record.key);
    }
    if (batch.nextOffset <= offset) break;
    offset = batch.nextOffset;
  }
  return { records, replaced };
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function sizes(stored: Uint8Array, rebuilt: Uint8Array): string {
  return `stored ${String(stored.length)} bytes, rebuilt ${String(rebuilt.length)}`;
}
