// What the TypeScript consumer makes of records: the cases that the Python consumer is held to as well. `node --test`.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { fromChanges, fromMembership, type Update, type Wanted } from './membership.ts';
import { Store } from './store.ts';

interface Cases {
  readonly wanted: Wanted;
  readonly memberships: readonly {
    name: string;
    key: string;
    value: object | null;
    headers?: Readonly<Record<string, string>>;
    update: Update | null;
  }[];
  readonly changes: readonly { name: string; value: object; update: Update | null }[];
  readonly stories: readonly {
    name: string;
    memberships: readonly (readonly [string, number, string])[];
    changes: readonly (readonly [string, number, string])[];
    members: readonly string[];
  }[];
}

const cases = JSON.parse(readFileSync(join(import.meta.dirname, '../test/cases.json'), 'utf8')) as Cases;
const { wanted } = cases;
const ENTERED = '2026-01-05T09:30:00.250Z';

for (const { name, key, value, headers = {}, update } of cases.memberships) {
  test(`of a membership: ${name}`, () => {
    const message = { key, value: value === null ? undefined : JSON.stringify(value), headers: new Map(Object.entries(headers)) };
    assert.deepEqual(fromMembership(message, wanted), update ?? undefined);
  });
}

for (const { name, value, update } of cases.changes) {
  test(`of changes: ${name}`, () => {
    assert.deepEqual(fromChanges(JSON.stringify(value), wanted), update ?? undefined);
  });
}

describe('the file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tessera-consumer-'));
    path = join(folder, 'file');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const { name, memberships, changes, members } of cases.stories) {
    test(`holds the members of a story: ${name}`, () => {
      const store = new Store(path);
      memberships.forEach(([profile, sequence, kind], i) => {
        const update = { profile, enteredAt: kind === 'ended' ? null : ENTERED, sequence };
        store.putAll('memberships', [update], new Map([[0, BigInt(i + 1)]]));
      });
      const updates = changes.map(([profile, sequence, kind]) => ({
        profile,
        sequence,
        enteredAt: kind === 'exited' ? null : ENTERED,
      }));
      store.applyAll('changes', updates, new Map([[0, 99n]]));
      assert.deepEqual(store.members(), members);
      assert.deepEqual(store.offsets('changes'), new Map([[0, 99n]]));
      store.close();
    });
  }

  test('is as before a batch that failed in the middle', () => {
    const store = new Store(path);
    store.putAll('memberships', [{ profile: 'p_1', enteredAt: ENTERED, sequence: 1 }], new Map([[0, 1n]]));
    const broken = { profile: 'p_3', enteredAt: ENTERED, sequence: undefined as unknown as number };
    const batch = [{ profile: 'p_2', enteredAt: ENTERED, sequence: 1 }, broken];
    assert.throws(() => store.applyAll('changes', batch, new Map([[0, 5n]])));
    assert.deepEqual(store.members(), ['p_1']);
    assert.deepEqual(store.offsets('changes'), new Map());
    store.close();
  });

  test('goes on where it ended, for its own segment only', () => {
    const noted = new Map([
      [0, 7n],
      [1, 9n],
    ]);
    const first = new Store(path);
    first.belongsTo('main vip');
    first.start(new Map([['changes', noted]]));
    first.markRebuilt();
    first.close();
    const second = new Store(path);
    assert.equal(second.isRebuilt, true);
    assert.deepEqual(second.offsets('changes'), noted);
    assert.throws(() => second.belongsTo('main news'), /the file holds main vip, not main news/);
    second.close();
  });
});
