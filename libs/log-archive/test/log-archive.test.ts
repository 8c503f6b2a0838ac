import { expect, test } from '@jest/globals';
import { logArchive } from '../src/log-archive.js';

test('a sentence that says what holds', () => {
  expect(logArchive(1)).toBe(1);
});
