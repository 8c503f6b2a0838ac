import { expect, test } from '@jest/globals';
import { service } from '../src/service.js';

test('a sentence that says what holds', () => {
  expect(service(1)).toBe(1);
});
