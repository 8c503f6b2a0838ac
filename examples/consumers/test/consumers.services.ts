// Both example consumers against a real Kafka: killed while they rebuild and while they follow, with somebody writing all the time, and
// in the end they hold exactly the members that the records tell. Where pip cannot install, Python is skipped, and the skip says so.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Admin, Producer, stringSerializers } from '@platformatic/kafka';
import { topicName } from '@tessera/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Story, type Told } from './story.js';

// Jest does not know this module by name.
const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
type Database = InstanceType<typeof DatabaseSync>;

const PARTITIONS = 3;
const PEOPLE = 4_000;
const KILLS = 4;
const WAIT_MS_MAX = 60_000;
const CONSUMERS = join(import.meta.dirname, '..');
const brokers = process.env['TESSERA_TEST_KAFKA'] as string;
const folder = mkdtempSync(join(process.env['TESSERA_TEST_FOLDER'] as string, 'consumers-'));
const prefix = `consumers-${String(process.pid)}`;
const memberships = topicName('segment-memberships', prefix);
const changes = topicName('segment-changes', prefix);

const python = installPython();
if (python === undefined)
  console.warn('skipped: the Python consumer against Kafka, because python3 or its packages cannot be installed');

function installPython(): string | undefined {
  const venv = join(folder, 'venv');
  const pip = join(venv, 'bin/pip');
  const requirements = join(CONSUMERS, 'python/requirements.txt');
  const made = spawnSync('python3', ['-m', 'venv', venv]).status === 0;
  const installed = made && spawnSync(pip, ['install', '--quiet', '--require-hashes', '-r', requirements]).status === 0;
  return installed ? join(venv, 'bin/python') : undefined;
}

let producer: Producer<string, string, string, string>;
const story = new Story(PEOPLE, PARTITIONS, 20260105);

beforeAll(async () => {
  const admin = new Admin({ clientId: 'story', bootstrapBrokers: brokers.split(',') });
  const create = (topic: string, settings: Record<string, string>) =>
    admin.createTopics({
      topics: [topic],
      partitions: PARTITIONS,
      replicas: 1,
      configs: Object.entries({ 'message.timestamp.type': 'LogAppendTime', ...settings }).map(([name, value]) => ({
        name,
        value,
      })),
    });
  await create(changes, { 'cleanup.policy': 'delete' });
  // Compacted as soon as the broker may, so that records are missing where the consumers read.
  await create(memberships, {
    'cleanup.policy': 'compact',
    'segment.ms': '500',
    'min.cleanable.dirty.ratio': '0.01',
    'delete.retention.ms': '0',
  });
  await admin.close();
  producer = new Producer({ clientId: 'story', bootstrapBrokers: brokers.split(','), serializers: stringSerializers, acks: -1 });
  for (let i = 0; i < 20; i++) await write(story.tell(1_000));
});

afterAll(async () => {
  await producer.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Takes the first record of each partition of the changes away, as their keeping does after 30 days. */
async function cutChanges(): Promise<void> {
  const admin = new Admin({ clientId: 'story', bootstrapBrokers: brokers.split(',') });
  const partitions = Array.from({ length: PARTITIONS }, (_, partition) => ({ partition, offset: 1n }));
  await admin.deleteRecords({ topics: [{ name: changes, partitions }] });
  await admin.close();
}

/** All partitions in the order of the records. */
async function write(records: readonly Told[]): Promise<void> {
  const messages = records.map(({ topic, partition, key, value, headers }) => ({
    topic: topicName(topic, prefix),
    partition,
    key,
    ...(value === undefined ? {} : { value }),
    headers: { ...headers },
  }));
  await producer.send({ messages });
}

/** Of a test that failed before its end. */
const leftOver = new Set<() => unknown>();

afterEach(async () => {
  await Promise.all([...leftOver].map((end) => end()));
  leftOver.clear();
});

/** Writes until told to stop, a restart's repetitions included. */
function writeOn(): () => Promise<void> {
  let stopped = false;
  const writing = (async () => {
    for (let i = 0; !stopped; i++) {
      await write(i % 7 === 6 ? story.tellAgain() : story.tell(100));
      await delay(40);
    }
  })();
  const stop = () => ((stopped = true), writing);
  leftOver.add(stop);
  return stop;
}

const languages = {
  TypeScript: { command: process.execPath, program: join(CONSUMERS, 'typescript/consumer.ts') },
  ...(python === undefined ? {} : { Python: { command: python, program: join(CONSUMERS, 'python/consumer.py') } }),
};

describe.each(Object.entries(languages))('the consumer in %s', (language, { command, program }) => {
  const file = join(folder, `${language}.sqlite`);

  function start(into = file, stderr: 'inherit' | 'pipe' = 'inherit'): ChildProcess {
    const commandLine = [
      program,
      '--segment',
      'vip',
      '--file',
      into,
      '--brokers',
      brokers,
      '--prefix',
      prefix,
      '--overlap-seconds',
      '2',
    ];
    const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1' };
    const child = spawn(command, commandLine, { stdio: ['ignore', 'ignore', stderr], env });
    leftOver.add(() => child.kill('SIGKILL'));
    return child;
  }

  async function kill(child: ChildProcess): Promise<void> {
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  test('holds the members after kills while it rebuilt and while it followed', async () => {
    const stop = writeOn();
    let child = start();
    await until(file, (state) => state.read(memberships) > 0);
    await kill(child);
    expect(stateOf(file).rebuilt).toBe(false);
    for (let kills = 1; kills < KILLS; kills++) {
      const before = stateOf(file).read(changes);
      child = start();
      await until(file, (state) => state.rebuilt && state.read(changes) > before);
      await kill(child);
    }
    const half = stateOf(file).read(changes);
    child = start();
    await until(file, (state) => state.read(changes) > half);
    await stop();
    await expectMembers(file);
    await kill(child);
  });

  test('goes on from its file, and one that starts anew comes to the same', async () => {
    const fresh = join(folder, `${language}-fresh.sqlite`);
    const [old, young] = [start(), start(fresh)];
    await write(story.tell(500));
    for (const path of [file, fresh]) {
      await until(path, ({ rebuilt }) => rebuilt);
      await expectMembers(path);
    }
    await Promise.all([kill(old), kill(young)]);
    expect(story.members('vip').length).toBeGreaterThan(PEOPLE / 10);
  });

  test('refuses to go on where changes are gone that it has not read', async () => {
    const late = join(folder, `${language}-late.sqlite`);
    // Not a copy of the file: what a killed process wrote last stands beside it, in its write-ahead log.
    const kept = new DatabaseSync(file, { timeout: 5_000 });
    kept.prepare('VACUUM INTO ?').run(late);
    kept.close();
    const database = new DatabaseSync(late);
    database.prepare('UPDATE progress SET next = 0 WHERE topic = ?').run(changes);
    database.close();
    await cutChanges();
    const child = start(late, 'pipe');
    let said = '';
    child.stderr?.on('data', (chunk) => (said += String(chunk)));
    const [code] = (await once(child, 'close')) as [number | null];
    expect(said).toContain(`${changes} no longer holds what comes next`);
    expect(code).toBe(1);
  });
});

interface State {
  readonly rebuilt: boolean;
  /** Sum of the next offsets of a topic. */
  read(topic: string): number;
}

function stateOf(path: string): State {
  return query(path, (database) => {
    const progress = database.prepare('SELECT topic, sum(next) AS next FROM progress GROUP BY topic').all();
    const next = new Map(progress.map((row) => [row['topic'], Number(row['next'])]));
    const rebuilt = database.prepare("SELECT 1 FROM note WHERE name = 'rebuilt'").get() !== undefined;
    return { rebuilt, read: (topic) => next.get(topic) ?? 0 };
  });
}

/** In the form of `Story.members`. */
function membersOf(path: string): readonly string[] {
  return query(path, (database) => {
    const rows = database.prepare('SELECT profile, entered_at, sequence FROM standing WHERE entered_at IS NOT NULL').all();
    return rows.map((row) => `${String(row['profile'])} ${String(row['entered_at'])} ${String(row['sequence'])}`).sort();
  });
}

function query<T>(path: string, ask: (database: Database) => T): T {
  // It waits for a consumer that lays the file out or goes to its write-ahead log at this moment.
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 });
  try {
    return ask(database);
  } finally {
    database.close();
  }
}

/** Looks often, so that a kill comes in the middle; a file that is not there yet, or not laid out, says nothing. */
async function until(path: string, holds: (state: State) => boolean): Promise<void> {
  const end = Date.now() + WAIT_MS_MAX;
  while (!isSo(path, holds)) {
    if (Date.now() > end) throw new Error(`${path}: what was waited for has not come`);
    await delay(2);
  }
}

function isSo(path: string, holds: (state: State) => boolean): boolean {
  try {
    return existsSync(path) && holds(stateOf(path));
  } catch (error) {
    if ((error as { code?: string }).code === 'ERR_SQLITE_ERROR') return false;
    throw error;
  }
}

/** Waits for the members that the story tells, then compares: what differs is shown. */
async function expectMembers(path: string): Promise<void> {
  const expected = story.members('vip');
  const end = Date.now() + WAIT_MS_MAX;
  while (membersOf(path).join() !== expected.join() && Date.now() < end) await delay(100);
  expect(membersOf(path)).toEqual(expected);
}
