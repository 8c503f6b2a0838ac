import { expect, test } from '@jest/globals';
import { stateMongo } from '../src/state-mongo.js';

test('a sentence that says what holds', () => {
  expect(stateMongo(1)).toBe(1);
});
