import { describe, expect, test } from '@jest/globals';
import { RetryableError } from '@tessera/runtime';
import mongoose from 'mongoose';
import { isPassing, persistently, redacted, StoreSettingsError } from '../src/errors.js';

const { MongoNetworkError, MongoServerError, MongoServerSelectionError, MongoWriteConcernError } = mongoose.mongo;
const POLICY = { attempts: 3, firstPauseMs: 1, pauseMsMax: 2 };
const serverError = (code: number, errmsg = 'x'): Error => new MongoServerError({ code, errmsg });

/** Fails with the errors in turn, then succeeds. */
function failing(...errors: readonly Error[]): { readonly attempt: () => Promise<string>; readonly tries: () => number } {
  let tries = 0;
  const attempt = (): Promise<string> => {
    const error = errors[tries++];
    return error === undefined ? Promise.resolve('done') : Promise.reject(error);
  };
  return { attempt, tries: () => tries };
}

describe('an error of MongoDB', () => {
  test('that passes by itself is known: network, no primary, time limits, a lost cursor, a late majority', () => {
    const late = new MongoWriteConcernError({
      ok: 1,
      writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' },
    });
    const system = Object.assign(new Error('write ECONNRESET'), { code: 'ECONNRESET' });
    for (const error of [
      new MongoNetworkError('reset'),
      late,
      system,
      ...[10107, 189, 91, 50, 43, 11600].map((code) => serverError(code)),
    ]) {
      expect(isPassing(error)).toBe(true);
    }
    for (const error of [...[18, 13, 11000, 9, 10334, 26].map((code) => serverError(code)), new TypeError('x'), 'x']) {
      expect(isPassing(error)).toBe(false);
    }
  });

  test('that passes is repeated', async () => {
    const { attempt, tries } = failing(new MongoNetworkError('reset'), serverError(10107));
    expect(await persistently(POLICY, 'reading', attempt)).toBe('done');
    expect(tries()).toBe(3);
  });

  test('that does not pass in time is a RetryableError which names the work, after a bounded number of tries', async () => {
    const { attempt, tries } = failing(...Array.from({ length: 9 }, () => new MongoNetworkError('connection reset')));
    const failure = await persistently(POLICY, 'writing 2 documents of features/3', attempt).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(RetryableError);
    expect((failure as Error).message).toBe('writing 2 documents of features/3 failed 3 times: connection reset');
    expect(tries()).toBe(3);
  });

  test('of a server that was not found in its own time is not repeated', async () => {
    const { attempt, tries } = failing(new MongoServerSelectionError('no server', {} as mongoose.mongo.TopologyDescription));
    await expect(persistently(POLICY, 'reading', attempt)).rejects.toThrow(RetryableError);
    expect(tries()).toBe(1);
  });

  test('of a user who is not let in says what to change and is not repeated', async () => {
    for (const code of [13, 18, 8000]) {
      const { attempt, tries } = failing(serverError(code, 'Authentication failed.'));
      const failure = await persistently(POLICY, 'connecting', attempt).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(StoreSettingsError);
      expect((failure as Error).message).toContain(
        'Authentication failed. The user of TESSERA_MONGO_URI needs the right password',
      );
      expect(tries()).toBe(1);
    }
  });

  test('of ours is thrown as it is', async () => {
    const error = new RangeError('a key has at most');
    await expect(persistently(POLICY, 'reading', failing(error).attempt)).rejects.toBe(error);
  });
});

test('no message holds the user and password of an address', () => {
  const text = 'bad mongodb+srv://ann:p%40ss@host/db and mongodb://x:y@h:1,h:2/?a=b';
  expect(redacted(text)).toBe('bad mongodb+srv://…@host/db and mongodb://…@h:1,h:2/?a=b');
  expect(new StoreSettingsError('mongodb://ann:secret@h').message).not.toContain('secret');
});
