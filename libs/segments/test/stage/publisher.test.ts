import { describe, expect, test } from '@jest/globals';
import { keyOf, type DefinitionSetAppliedRecord, type DefinitionsRecord } from '@tessera/contracts';
import type { LogRecord, Outcome, StepContext } from '@tessera/runtime';
import { createPublisherStage } from '../../src/publisher-stage.js';

const stage = createPublisherStage();

function applied(set: number): DefinitionSetAppliedRecord {
  return {
    kind: 'definitionSetApplied',
    workspace: 'w',
    set,
    hash: `h${String(set)}`,
    evaluator: 1,
    definitions: [],
    actor: '',
    note: '',
    appliedMs: 500,
  };
}

function logged(value: DefinitionsRecord): LogRecord {
  return { offset: 3, stampMs: 1000, key: keyOf('w', 'definition', 'x'), value };
}

function publish(
  document: ReturnType<typeof stage.create>,
  set: number,
): { readonly outcome: Outcome; readonly told: unknown[] } {
  const told: unknown[] = [];
  const context: StepContext<never, undefined> = {
    partition: 0,
    offset: 3,
    stampMs: 1000,
    logTimeMs: 1000,
    generation: 1,
    state: undefined,
    definitions: () => {
      throw new Error('not asked for');
    },
    partitions: (topic) => (topic === 'links' ? 1 : 2),
    nextIndex: () => 0,
    emit: (topic, partition, { value, timeMs }) => told.push([topic, partition, timeMs, value]),
  };
  return { outcome: stage.step(document, logged(applied(set)), context), told };
}

describe('the publisher', () => {
  test('puts a barrier into every partition of events and links, at the time the set was applied', () => {
    const value = { kind: 'definitionsPublished', workspace: 'w', set: 1, hash: 'h1', evaluator: 1 };
    expect(publish(stage.create(keyOf('w', 'workspace', 'definitions')), 1)).toEqual({
      outcome: { kind: 'applied' },
      told: [
        ['events', 0, 500, value],
        ['events', 1, 500, value],
        ['links', 0, 500, value],
      ],
    });
  });

  test('ignores a set that it has seen or that was overtaken, also after its document was stored', () => {
    const key = keyOf('w', 'workspace', 'definitions');
    const document = stage.create(key);
    publish(document, 2);
    const restored = stage.decode(stage.encode(document).slice(), key);
    for (const set of [1, 2])
      expect(publish(restored, set)).toEqual({ outcome: { kind: 'drop', reason: 'set-already-seen' }, told: [] });
    expect(publish(restored, 3).told).toHaveLength(3);
  });

  test('has one document per workspace, and none for documents and activations', () => {
    expect(stage.keyOf(logged(applied(1)))).toBe('w/workspace/definitions');
    const activated = { kind: 'definitionsActivated', workspace: 'w', set: 1, hash: 'h', partition: 0, effectiveMs: 0 } as const;
    expect(stage.keyOf(logged(activated))).toBeUndefined();
  });
});
