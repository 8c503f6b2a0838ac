// The result and the offsets it stands for, in one SQLite file and changed in one transaction: after a crash both are from before the
// batch, or both from after it. That is all that "exactly once" needs; the consumer group of Kafka has no part in it.
import { DatabaseSync } from 'node:sqlite';
import { isNews, type Standing, type Update } from './membership.ts';

/** Next offset to read, by partition. */
export type Offsets = ReadonlyMap<number, bigint>;

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE IF NOT EXISTS standing (profile TEXT PRIMARY KEY, entered_at TEXT, sequence INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS progress (topic TEXT, part INTEGER, next INTEGER NOT NULL, PRIMARY KEY (topic, part));
  CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL);
`;

export class Store {
  private readonly database: DatabaseSync;

  constructor(file: string) {
    // A consumer that was just killed may hold the file for a moment.
    this.database = new DatabaseSync(file, { timeout: 5_000 });
    this.database.exec(SCHEMA);
  }

  /** Profiles of the members at this moment: all whose membership has not ended. */
  members(): readonly string[] {
    const rows = this.database.prepare('SELECT profile FROM standing WHERE entered_at IS NOT NULL ORDER BY profile').all();
    return rows.map(({ profile }) => String(profile));
  }

  /** A file belongs to one segment of one deployment. */
  belongsTo(owner: string): void {
    const found = this.database.prepare("SELECT value FROM note WHERE name = 'owner'").get()?.['value'];
    if (found !== undefined && found !== owner)
      throw new Error(`the file holds ${String(found)}, not ${owner}: name another file`);
    this.database.prepare("INSERT OR IGNORE INTO note VALUES ('owner', ?)").run(owner);
  }

  offsets(topic: string): Offsets {
    const rows = this.database.prepare('SELECT part, next FROM progress WHERE topic = ?').all(topic);
    return new Map(rows.map(({ part, next }) => [Number(part), BigInt(Number(next))]));
  }

  get isRebuilt(): boolean {
    return this.database.prepare("SELECT 1 FROM note WHERE name = 'rebuilt'").get() !== undefined;
  }

  markRebuilt(): void {
    this.database.exec("INSERT OR IGNORE INTO note VALUES ('rebuilt', 'yes')");
  }

  /** Where both topics are read from, noted before the first record is: a crash later must not move the start of the changes. */
  start(positions: ReadonlyMap<string, Offsets>): void {
    this.transaction(() => positions.forEach((offsets, topic) => this.moveTo(topic, offsets)));
  }

  /** Of the compacted topic: each record is the present truth of its key. */
  putAll(topic: string, updates: readonly Update[], next: Offsets): void {
    this.transaction(() => {
      for (const update of updates) this.put(update);
      this.moveTo(topic, next);
    });
  }

  /** Of the changes: each counts if it is news. */
  applyAll(topic: string, updates: readonly Update[], next: Offsets): void {
    this.transaction(() => {
      for (const update of updates) if (isNews(this.standing(update.profile), update)) this.put(update);
      this.moveTo(topic, next);
    });
  }

  close(): void {
    this.database.close();
  }

  private standing(profile: string): Standing | undefined {
    const row = this.database.prepare('SELECT entered_at, sequence FROM standing WHERE profile = ?').get(profile);
    return row && { enteredAt: row['entered_at'] as string | null, sequence: Number(row['sequence']) };
  }

  private put({ profile, enteredAt, sequence }: Update): void {
    this.database.prepare('INSERT OR REPLACE INTO standing VALUES (?, ?, ?)').run(profile, enteredAt, sequence);
  }

  private moveTo(topic: string, offsets: Offsets): void {
    const statement = this.database.prepare('INSERT OR REPLACE INTO progress VALUES (?, ?, ?)');
    for (const [partition, next] of offsets) statement.run(topic, partition, next);
  }

  private transaction(work: () => void): void {
    this.database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.database.exec('COMMIT');
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }
}
