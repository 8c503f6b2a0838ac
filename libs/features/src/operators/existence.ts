// exists: the only operator with an answer for a missing value. null is missing: it is how Segment clients unset a trait.
import { isMissing, type Operator } from './operator.js';

export const exists: Operator = {
  takes: 'true or false',
  check: (operand) => typeof operand === 'boolean',
  compile: (operand) => ({ test: (value) => isMissing(value) !== operand }),
  words: (operand) => (operand === true ? 'exists' : 'does not exist'),
};
