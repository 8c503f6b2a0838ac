// The composition without doors, on ports that are given: what is said of partitions that fail or stand still.
import 'reflect-metadata';
import { describe, expect, test } from '@jest/globals';
import { MemoryEventLog } from '@tessera/log-memory';
import { RetryableError, systemClock, systemIds, type StateStore } from '@tessera/runtime';
import { MemoryStateStore } from '@tessera/state-memory';
import type { Journal } from '@tessera/telemetry';
import { accessOf, newWorkspace } from '@tessera/service';
import { openSystem, type System } from '../src/system.js';

const PARTITIONS = 2;

/** Every load of the partition document of `segments` 1 fails so, as long as it does. */
class FailingStore extends MemoryStateStore {
  failure: Error | undefined;

  override loadPartition(space: Parameters<StateStore['loadPartition']>[0]): ReturnType<StateStore['loadPartition']> {
    const isMeant = space.stage === 'segments' && space.partition === 1;
    return isMeant && this.failure ? Promise.reject(this.failure) : super.loadPartition(space);
  }
}

class Said implements Journal {
  readonly lines: string[] = [];
  info(): void {
    this.lines.push('info');
  }
  warn(_what: string, facts: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push(`warn ${JSON.stringify(facts)}`);
  }
  alert(_what: string, { stage, partition, error }: Readonly<Record<string, unknown>> = {}): void {
    this.lines.push(`alert ${JSON.stringify({ stage, partition, error })}`);
  }
}

async function opened(failure: Error | undefined): Promise<{ system: System; store: FailingStore; said: Said }> {
  const store = new FailingStore();
  store.failure = failure;
  const log = new MemoryEventLog({ clock: 'append', nowMs: () => Date.now(), partitions: PARTITIONS });
  const said = new Said();
  const system = await openSystem({
    ports: { log, store, clock: systemClock, ids: systemIds, shared: false },
    access: accessOf({ version: 1, workspaces: [newWorkspace('default')] }),
    journal: said,
    limits: { backoffMs: 10, backoffMsMax: 10 },
  });
  await systemClock.wait(50);
  return { system, store, said };
}

describe('the system', () => {
  test('is ready when every partition of every stage runs', async () => {
    const { system } = await opened(undefined);
    expect(system.problems()).toEqual([]);
    expect(system.hosts.map((host) => [host.stage.name, host.loops.length])).toEqual([
      ['identity', PARTITIONS],
      ['graph', PARTITIONS],
      ['features', PARTITIONS],
      ['publisher', 1],
      ['segments', PARTITIONS],
      ['decisions.assignments', PARTITIONS],
      ['decisions.memberships', PARTITIONS],
      ['decisions.features', PARTITIONS],
    ]);
    await system.stop();
  });

  test('names a partition that stands still, and alerts once', async () => {
    const { system, said } = await opened(new Error('the document is damaged'));
    expect(system.problems()).toEqual(['stage segments partition 1 is halted: the document is damaged']);
    expect(said.lines.filter((line) => line.startsWith('alert'))).toEqual([
      'alert {"stage":"segments","partition":1,"error":"the document is damaged"}',
    ]);
    await system.stop();
  });

  test('goes on by itself when the world is well again', async () => {
    const { system, store, said } = await opened(new RetryableError('the disk is away'));
    expect(system.problems()).toEqual(['stage segments partition 1 is backing-off']);
    expect(said.lines).toContain('warn {"stage":"segments","partition":1,"error":"the disk is away"}');
    store.failure = undefined;
    await systemClock.wait(50);
    expect(system.problems()).toEqual([]);
    await system.stop();
  });

  test('answers its services without a door', async () => {
    const { system } = await opened(undefined);
    const document = {
      apiVersion: 'tessera/v1',
      kind: 'Segment',
      metadata: { name: 'buyers' },
      spec: { when: { event: 'Order Completed' } },
    } as const;
    const by = { workspace: 'default', actor: 'test', note: 'first', waitUntilActive: true };
    const { definitions, members, profiles, identity } = system.services;
    expect(await definitions.apply([document], by)).toMatchObject({ set: 1, changed: true, active: true });
    expect(await definitions.apply([document], by)).toMatchObject({ set: 1, changed: false });
    expect(await definitions.apply([], { ...by, note: '' })).toMatchObject({
      set: 2,
      changes: [{ action: 'delete', name: 'buyers' }],
    });
    expect(await definitions.rollback(1, { ...by, note: '' })).toMatchObject({ set: 3, active: true });
    expect(definitions.history('default').map(({ set, note, active }) => [set, note, active])).toEqual([
      [3, 'rollback to set 1', true],
      [2, '', false],
      [1, 'first', false],
    ]);
    await expect(definitions.rollback(7, by)).rejects.toMatchObject({ code: 'not-found', facts: { allowed: '1 to 3' } });
    expect(await members.segments('default')).toEqual({
      segments: [{ name: 'buyers', title: 'buyers', version: 1, members: 0 }],
      definitionSet: 3,
    });
    const nobody = { userId: 'nobody', identities: {} };
    const { profile } = await identity.resolve('default', nobody);
    expect(await profiles.memberships('default', nobody)).toMatchObject({
      profile,
      memberships: [],
      sequence: 0,
      definitionSet: 3,
    });
    expect(await profiles.explain('default', nobody, 'buyers')).toMatchObject({ member: false, verdict: 'false' });
    await expect(profiles.explain('default', nobody, 'buyer')).rejects.toMatchObject({
      code: 'not-found',
      facts: { allowed: 'buyers' },
    });
    await system.stop();
  });
});
