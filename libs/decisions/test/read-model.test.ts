// The stages of the read model: the last version wins, whatever comes twice, late or as a tombstone.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { keyOf } from '@tessera/contracts';
import type { AnyRecord, Key } from '@tessera/contracts';
import type { LogRecord, Stage } from '@tessera/runtime';
import { assignmentsStage, featuresStage, membershipsStage } from '../src/read-model.js';
import type { Versioned } from '../src/versioned-stage.js';

interface Change {
  readonly generation: number;
  readonly offset: number;
  readonly index: number;
  /** Undefined: a tombstone. */
  readonly value: number | undefined;
}

interface Example {
  readonly stage: Stage<Versioned<unknown>, unknown, null>;
  readonly key: Key;
  valueOf(change: Change & { readonly value: number }): AnyRecord;
  /** Content of the document after that value. */
  contentOf(value: number): unknown;
}

const ENTERED = '2026-01-05T09:30:00.000Z';
const EXAMPLES: readonly (readonly [string, Example])[] = [
  [
    'assignments',
    {
      stage: assignmentsStage as Example['stage'],
      key: keyOf('shop', 'identity', 'user_id:42'),
      valueOf: ({ generation, offset, index, value }) => ({
        kind: 'identityAssigned',
        workspace: 'shop',
        identity: 'user_id:42',
        profile: `p_${String(value)}`,
        generation,
        offset,
        index,
      }),
      contentOf: (value) => ({ profile: `p_${String(value)}` }),
    },
  ],
  [
    'memberships',
    {
      stage: membershipsStage as Example['stage'],
      key: keyOf('shop', 'profile', 'p_1', 'vips'),
      valueOf: ({ generation, offset, index, value }) => ({
        kind: 'segmentMembership', workspace: 'shop', profile: 'p_1', segment: 'vips', enteredAt: value === 0 ? undefined : ENTERED,
        sequence: value, generation, offset, index, effective: ENTERED, pending: value % 2 === 1,
      }), // prettier-ignore
      contentOf: (value) => ({
        enteredAtMs: value === 0 ? undefined : Date.parse(ENTERED),
        sequence: value,
        pending: value % 2 === 1,
      }),
    },
  ],
  [
    'features',
    {
      stage: featuresStage as Example['stage'],
      key: keyOf('shop', 'profile', 'p_1'),
      valueOf: ({ generation, offset, index, value }) => ({
        kind: 'profileFeatures', workspace: 'shop', profile: 'p_1', generation, offset, index, asOf: ENTERED,
        features: { revenue: value, top: ['x', null, -1.5] }, traits: value === 0 ? undefined : { name: 'Ada', ['__proto__']: { a: 1 } },
        approximate: ['visitors', 'revenue'], consent: { marketing: value > 1 },
      }), // prettier-ignore
      contentOf: (value) => ({
        asOfMs: Date.parse(ENTERED),
        features: { revenue: value, top: ['x', null, -1.5] },
        traits: value === 0 ? {} : { name: 'Ada', ['__proto__']: { a: 1 } },
        approximate: ['revenue', 'visitors'],
        consent: { marketing: value > 1 },
      }),
    },
  ],
];

const CONTEXT = undefined as never;

function recordOf(example: Example, change: Change, offset: number): LogRecord {
  const { value } = change;
  return value === undefined
    ? {
        offset, stampMs: 0, key: example.key, value: null,
        headers: { version: `${String(change.generation)}.${String(change.offset)}.${String(change.index)}` },
      } // prettier-ignore
    : { offset, stampMs: 0, key: example.key, value: example.valueOf({ ...change, value }) };
}

const version = fc.record({ generation: fc.nat(1), offset: fc.nat(3), index: fc.nat(1) });
/** One value per version, as a log has them: versions name their content. */
const history = fc.uniqueArray(fc.tuple(version, fc.option(fc.nat(3), { nil: undefined })), {
  minLength: 1,
  maxLength: 8,
  selector: ([{ generation, offset, index }]) => `${String(generation)}.${String(offset)}.${String(index)}`,
});

describe.each(EXAMPLES)('%s', (_, example) => {
  const { stage, key } = example;

  test('hold the newest version, whatever order and however often records come', () => {
    const deliveries = history.chain((changes) =>
      fc.tuple(fc.constant(changes), fc.array(fc.nat(changes.length - 1), { maxLength: 12 })),
    );
    fc.assert(
      fc.property(deliveries, ([changes, again]) => {
        const delivered = [...again, ...changes.keys(), ...again].map((i) => changes[i] as (typeof changes)[0]);
        let document = stage.create(key);
        const seen: Change[] = [];
        for (const [offset, [at, value]] of delivered.entries()) {
          const change: Change = { ...at, value };
          const rank = ({ generation, offset, index }: Change): number => generation * 100 + offset * 10 + index;
          const newest = seen.length === 0 ? -1 : Math.max(...seen.map(rank));
          const expected = rank(change) > newest ? 'applied' : rank(change) === newest ? 'duplicate' : 'drop';
          expect(stage.step(document, recordOf(example, change, offset), CONTEXT).kind).toBe(expected);
          seen.push(change);
          if (offset % 2 === 0) document = stage.decode(stage.encode(document), key);
        }
        const [last] = changes
          .map(([at, value]) => ({ ...at, value }) as Change)
          .sort((a, b) => b.generation - a.generation || b.offset - a.offset || b.index - a.index) as [Change];
        expect(document).toEqual({
          generation: last.generation, offset: last.offset, index: last.index,
          content: last.value === undefined ? undefined : example.contentOf(last.value),
        }); // prettier-ignore
        const straight = stage.create(key);
        stage.step(straight, recordOf(example, last, 0), CONTEXT);
        expect(Buffer.from(stage.encode(document))).toEqual(Buffer.from(stage.encode(straight)));
      }),
    );
  });

  test('keep no data after a tombstone, and its version', () => {
    const document = stage.create(key);
    stage.step(document, recordOf(example, { generation: 0, offset: 5, index: 0, value: 3 }, 0), CONTEXT);
    const full = stage.encode(document).length;
    stage.step(document, recordOf(example, { generation: 0, offset: 6, index: 1, value: undefined }, 1), CONTEXT);
    expect(stage.encode(document).length).toBeLessThan(Math.min(full, 6));
    expect(stage.step(document, recordOf(example, { generation: 0, offset: 5, index: 0, value: 3 }, 2), CONTEXT)).toEqual({
      kind: 'drop',
      reason: 'stale-version',
    });
    expect(document.content).toBeUndefined();
  });

  test('refuse what cannot be theirs and stay as they were', () => {
    const document = stage.create(key);
    const tick: LogRecord = { offset: 0, stampMs: 0, key, value: { kind: 'tick', closing: false, source: -1, effectiveMs: 0 } };
    const foreign: LogRecord = { offset: 1, stampMs: 0, key, value: null, headers: { version: 'new' } };
    const bare: LogRecord = { offset: 1, stampMs: 0, key, value: null };
    for (const record of [tick, foreign, bare]) {
      expect(stage.step(document, record, CONTEXT)).toMatchObject({ kind: 'dead-letter', reason: 'unreadable-record' });
    }
    expect(document).toEqual(stage.create(key));
    expect(() => stage.decode(Uint8Array.of(9), key)).toThrow('documents of form 9');
  });

  test('have one document per key, no timer and no partition state', () => {
    expect(stage.keyOf(recordOf(example, { generation: 0, offset: 0, index: 0, value: 1 }, 0))).toBe(key);
    expect(stage.dueMs(stage.create(key))).toBe(Infinity);
    expect(stage.partitionState.encode(stage.partitionState.create())).toEqual(new Uint8Array(0));
  });
});
