import { expect, test } from '@jest/globals';
import { formatInstant } from '@tessera/time';
import fc from 'fast-check';
import { instantText } from '../../src/instant-text.js';

test('an instant on the hot path is written as everywhere else', () => {
  fc.assert(
    fc.property(fc.array(fc.date({ noInvalidDate: true }), { minLength: 1 }), (dates) => {
      for (const date of dates) expect(instantText(date.getTime())).toBe(formatInstant(date.getTime()));
    }),
  );
});
