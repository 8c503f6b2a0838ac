import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { mongo } from 'mongoose';
import { cut, several, writeGuarded } from '../src/bulks.js';
import type { Update } from '../src/bulks.js';
import { olderThan } from '../src/filters.js';

interface Command {
  readonly update: string;
  readonly updates: readonly Update[];
  readonly ordered: boolean;
  readonly writeConcern: object;
}

/** A database that answers each command from the list. */
function answering(...answers: readonly object[]): { readonly database: mongo.Db; readonly commands: Command[] } {
  const commands: Command[] = [];
  const command = (sent: Command): Promise<object> => Promise.resolve(answers[commands.push(sent) - 1] ?? { n: 0 });
  return { database: { command } as unknown as mongo.Db, commands };
}

const duplicate = (index: number): object => ({ index, code: 11000, errmsg: 'E11000 duplicate key' });
const update = (id: string): Update => ({ q: olderThan(id, 5), u: { o: 5 }, upsert: true });
const UPDATES = ['a', 'b', 'c'].map(update);

describe('a guarded bulk', () => {
  test('is one unordered command, acknowledged by the journals of most nodes', async () => {
    const { database, commands } = answering({ n: 3 });
    expect(await writeGuarded({ database, collection: 'documents.features', answerMs: 700 }, UPDATES)).toBe(0);
    expect(commands).toEqual([
      { update: 'documents.features', updates: UPDATES, ordered: false, writeConcern: { w: 'majority', j: true, wtimeout: 700 } },
    ]);
  });

  test('asks again about duplicate keys: an upsert of another that came first may have been older', async () => {
    // Of the two that met a duplicate key, one document was older after all.
    const { database, commands } = answering({ n: 1, writeErrors: [duplicate(0), duplicate(2)] }, { n: 1 });
    expect(await writeGuarded({ database, collection: 'c', answerMs: 700 }, UPDATES)).toBe(1);
    expect(commands[1]?.updates).toEqual([UPDATES[0], UPDATES[2]].map((one) => ({ ...one, upsert: false })));
  });

  test('fails with any other error of a document', async () => {
    const { database } = answering({
      n: 1,
      writeErrors: [duplicate(0), { index: 1, code: 10334, errmsg: 'object to insert too large' }],
    });
    await expect(writeGuarded({ database, collection: 'c', answerMs: 700 }, UPDATES)).rejects.toThrow(
      'object to insert too large',
    );
  });
});

describe('a list', () => {
  test('is cut into pieces within both limits, or of one item, and nothing is lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(100)),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 150 }),
        (sizes, countMax, sizeMax) => {
          const pieces = cut(sizes, countMax, sizeMax, (size) => size);
          expect(pieces.flat()).toEqual(sizes);
          for (const piece of pieces) {
            expect(piece.length).toBeLessThanOrEqual(countMax);
            const size = piece.reduce((sum, one) => sum + one, 0);
            expect(piece.length === 1 || size <= sizeMax).toBe(true);
          }
        },
      ),
    );
  });
});

describe('several pieces of work', () => {
  test('run so many at once, and give their results in order', async () => {
    let under = 0;
    let most = 0;
    const results = await several([1, 2, 3, 4, 5, 6], 2, async (item) => {
      most = Math.max(most, ++under);
      await Promise.resolve();
      under--;
      return item * 2;
    });
    expect([results, most]).toEqual([[2, 4, 6, 8, 10, 12], 2]);
  });

  test('end before the failure of one is thrown, and no further one begins', async () => {
    const ended: number[] = [];
    const all = several([1, 2, 3, 4], 2, async (item) => {
      if (item === 1) throw new Error('the first');
      await new Promise((resolve) => setTimeout(resolve, 5));
      ended.push(item);
    });
    await expect(all).rejects.toThrow('the first');
    expect(ended).toEqual([2]);
  });
});
