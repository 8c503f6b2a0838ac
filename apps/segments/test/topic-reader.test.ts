import { describe, expect, test } from '@jest/globals';
import { keyOf, type AuditRecordedRecord, type DeadLetterRecord } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import { MemoryEventLog } from '@tessera/log-memory';
import { systemClock } from '@tessera/runtime';
import { TopicReader, type TailedRecord } from '../src/admin/topic-reader.js';

const PARTITIONS = 4;

class World {
  nowMs = Date.parse('2026-01-05T09:00:00Z');
  readonly log = new MemoryEventLog({ clock: 'append', nowMs: () => this.nowMs++, partitions: PARTITIONS });
  readonly topics = new TopicReader(this.log, systemClock);

  async audit(workspace: string, subject: string): Promise<void> {
    const key = keyOf(workspace, 'workspace', subject);
    const value: AuditRecordedRecord = {
      kind: 'auditRecorded',
      workspace,
      actor: 'a',
      action: 'x',
      subject,
      recorded: undefined,
      detail: {},
    };
    await this.log.append('audit', partitionOf(key, PARTITIONS), [{ key, value }]);
  }

  tail(from: string, more: { limit?: number; waitMs?: number } = {}) {
    return this.topics.tail('shop', { topic: 'audit', from, limit: 100, waitMs: 0, ...more });
  }
}

const subjects = (records: readonly TailedRecord[]): readonly string[] =>
  records.map(({ value }) => (value as AuditRecordedRecord).subject);

describe('the tail of a topic', () => {
  test('shows the records of the own workspace in the order of their stamps, over all partitions', async () => {
    const world = new World();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      await world.audit('shop', name);
      await world.audit('other', name);
    }
    expect(subjects((await world.tail('start')).records)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  test('goes on where the page before ended, and misses nothing', async () => {
    const world = new World();
    const names = Array.from({ length: 25 }, (_, i) => `record ${String(i)}`);
    for (const name of names) await world.audit('shop', name);
    const seen: string[] = [];
    let from = 'start';
    for (let page = 0; page < 10; page++) {
      const { records, next } = await world.tail(from, { limit: 3 });
      expect(records.length).toBeLessThanOrEqual(3);
      seen.push(...subjects(records));
      from = next;
    }
    expect(seen).toEqual(names);
  });

  test('from its end waits for news', async () => {
    const world = new World();
    await world.audit('shop', 'old');
    const waiting = world.tail('end', { waitMs: 20_000 });
    await world.audit('other', 'not ours');
    await world.audit('shop', 'new');
    expect(subjects((await waiting).records)).toEqual(['new']);
  });

  test('ends its wait when the process stops', async () => {
    const world = new World();
    const waiting = world.tail('end', { waitMs: 20_000 });
    await Promise.resolve();
    world.topics.stop();
    expect((await waiting).records).toEqual([]);
  });

  test.each([['nonsense'], ['1.2'], ['-1.0.0.0']])('refuses the cursor %s', async (from) => {
    await expect(new World().tail(from)).rejects.toMatchObject({ code: 'invalid-field' });
  });

  test('names the topics there are', async () => {
    const { topics } = new World();
    const tail = topics.tail('shop', { topic: 'evnts', from: 'start', limit: 1, waitMs: 0 });
    await expect(tail).rejects.toMatchObject({
      code: 'not-found',
      facts: { allowed: expect.stringContaining('events') as unknown },
    });
  });
});

describe('dead letters', () => {
  async function letter(world: World, workspace: string, original: Uint8Array): Promise<number> {
    const value: DeadLetterRecord = {
      kind: 'deadLetter',
      workspace,
      reason: 'not-json',
      detail: '',
      place: 'here',
      topic: '',
      partition: -1,
      offset: -1,
      received: undefined,
      original,
      contentType: '',
    };
    return (await world.log.append('dead-letters', 1, [{ key: keyOf(workspace, 'source', 's'), value }])).firstOffset;
  }

  test('are shown with the original: as text where it is one, else in base64', async () => {
    const world = new World();
    await letter(world, 'shop', Buffer.from('{"ä"'));
    await letter(world, 'other', Buffer.from('x'));
    const offset = await letter(world, 'shop', Buffer.from([0xff, 0x00]));
    expect((await world.topics.deadLetters('shop', 10)).map(({ original, encoding }) => [original, encoding])).toEqual([
      ['/wA=', 'base64'],
      ['{"ä"', 'utf8'],
    ]);
    expect(await world.topics.deadLetter('shop', 1, offset)).toMatchObject({
      original: '/wA=',
      letter: { partition: 1, offset },
    });
    await expect(world.topics.deadLetter('other', 1, offset)).rejects.toMatchObject({ code: 'not-found' });
    await expect(world.topics.deadLetter('shop', 99, 0)).rejects.toMatchObject({ code: 'not-found' });
  });
});
