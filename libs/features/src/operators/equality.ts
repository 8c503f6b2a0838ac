// eq, ne, in, nin: strict by type; an array equals what one of its elements equals.
import { isScalar, show, type Operator, type Test } from './operator.js';

const LIST_MAX = 10_000;

export const eq: Operator = {
  takes: 'a text, a number, true or false',
  check: isScalar,
  compile: (operand) => ({ test: (value) => (Array.isArray(value) ? value.includes(operand) : value === operand) }),
  words: (operand) => `is ${show(operand)}`,
};

export const within: Operator = {
  takes: `a list of 1 to ${String(LIST_MAX)} texts, numbers, true or false`,
  check: (operand) => Array.isArray(operand) && operand.length > 0 && operand.length <= LIST_MAX && operand.every(isScalar),
  compile: (operand) => {
    const set = new Set(operand as readonly unknown[]);
    return { test: (value) => (Array.isArray(value) ? value.some((element) => set.has(element)) : set.has(value)) };
  },
  words: (operand) => `is one of ${show(operand)}`,
};

export const ne: Operator = {
  ...eq,
  compile: (operand) => opposite(eq.compile(operand)),
  words: (operand) => `is not ${show(operand)}`,
};

export const nin: Operator = {
  ...within,
  compile: (operand) => opposite(within.compile(operand)),
  words: (operand) => `is none of ${show(operand)}`,
};

/** Equality always has an answer, so the opposite is a plain `not`. */
function opposite({ test }: Test): Test {
  return { test: (value, nowMs) => test(value, nowMs) === false };
}
