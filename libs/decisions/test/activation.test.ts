// Which set is active: against a naive reading of the whole log.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { DefinitionsActivatedRecord } from '@tessera/contracts';
import { ActivationTracker } from '../src/activation.js';

const activated = (workspace: string, set: number, partition: number): DefinitionsActivatedRecord => ({
  kind: 'definitionsActivated',
  workspace,
  set,
  hash: `hash-${String(set)}`,
  partition,
  effectiveMs: 0,
});

test('a set is active once all partitions work with it, and says so once', () => {
  const tracker = new ActivationTracker(2);
  expect(tracker.apply(activated('shop', 1, 0))).toBeUndefined();
  expect(tracker.apply(activated('shop', 1, 0))).toBeUndefined();
  expect(tracker.activeSet('shop')).toBeUndefined();
  expect(tracker.apply(activated('shop', 1, 1))).toEqual({ set: 1, hash: 'hash-1' });
  expect(tracker.apply(activated('shop', 1, 1))).toBeUndefined();
  expect(tracker.apply(activated('other', 5, 1))).toBeUndefined();
  expect(tracker.activeSet('shop')).toEqual({ set: 1, hash: 'hash-1' });
  expect(tracker.workspacesKnown()).toEqual(['shop']);
});

test('partitions beyond the log and other records change nothing', () => {
  const tracker = new ActivationTracker(1);
  expect(tracker.apply(activated('shop', 1, 1))).toBeUndefined();
  expect(tracker.apply(activated('shop', 1, -1))).toBeUndefined();
  const applied = {
    kind: 'definitionSetApplied',
    workspace: 'shop',
    set: 1,
    hash: 'h',
    evaluator: 1,
    definitions: [],
    actor: '',
    note: '',
    appliedMs: 0,
  } as const;
  expect(tracker.apply(applied)).toBeUndefined();
  expect(tracker.activeSet('shop')).toBeUndefined();
});

test('for any log, compacted or not: the least of the highest sets per partition, and it never goes back', () => {
  const records = fc.array(
    fc.record({ workspace: fc.constantFrom('a', 'b'), set: fc.integer({ min: 1, max: 4 }), partition: fc.nat(2) }),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(records, (log) => {
      const tracker = new ActivationTracker(3);
      const before = new Map<string, number>();
      for (const [i, { workspace, set, partition }] of log.entries()) {
        const announced = tracker.apply(activated(workspace, set, partition));
        const seen = log.slice(0, i + 1).filter((one) => one.workspace === workspace);
        const highest = [0, 1, 2].map((p) => Math.max(0, ...seen.filter((one) => one.partition === p).map((one) => one.set)));
        const active = tracker.activeSet(workspace)?.set ?? 0;
        expect(active).toBe(Math.min(...highest));
        expect(announced?.set ?? active).toBe(active);
        expect(announced !== undefined).toBe(active > (before.get(workspace) ?? 0));
        before.set(workspace, active);
      }
      // Compaction keeps the last record of each key (workspace, partition) or of each (workspace, set, partition).
      const compacted = new ActivationTracker(3);
      for (const [i, one] of log.entries()) {
        const again = log
          .slice(i + 1)
          .some((later) => later.workspace === one.workspace && later.partition === one.partition && later.set >= one.set);
        if (!again) compacted.apply(activated(one.workspace, one.set, one.partition));
      }
      for (const workspace of ['a', 'b']) expect(compacted.activeSet(workspace)).toEqual(tracker.activeSet(workspace));
    }),
  );
});
