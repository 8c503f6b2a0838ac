import { expect, test } from '@jest/globals';
import { objectStore } from '../src/object-store.js';

test('a sentence that says what holds', () => {
  expect(objectStore(1)).toBe(1);
});
