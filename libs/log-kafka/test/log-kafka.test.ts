import { expect, test } from '@jest/globals';
import { logKafka } from '../src/log-kafka.js';

test('a sentence that says what holds', () => {
  expect(logKafka(1)).toBe(1);
});
