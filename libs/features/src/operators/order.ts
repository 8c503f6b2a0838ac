// gt, gte, lt, lte, between (both ends included): order of numbers; anything that counts as no number is unknown.
import { numberOf, show, type Operator } from './operator.js';

export const gt = ordering('is more than', (value, bound) => value > bound);
export const gte = ordering('is at least', (value, bound) => value >= bound);
export const lt = ordering('is less than', (value, bound) => value < bound);
export const lte = ordering('is at most', (value, bound) => value <= bound);

export const between: Operator = {
  takes: 'a list of two numbers, the lower first; both ends are included',
  check: (operand) =>
    Array.isArray(operand) && operand.length === 2 && operand.every(isNumber) && (operand[0] as number) <= (operand[1] as number),
  compile: (operand) => {
    const [low, high] = operand as readonly [number, number];
    return {
      test: (value) => {
        const number = numberOf(value);
        return number === undefined ? undefined : number >= low && number <= high;
      },
    };
  },
  words: (operand) => `is between ${(operand as readonly unknown[]).map(show).join(' and ')}`,
};

function ordering(words: string, holds: (value: number, bound: number) => boolean): Operator {
  return {
    takes: 'a number',
    check: isNumber,
    compile: (operand) => ({
      test: (value) => {
        const number = numberOf(value);
        return number === undefined ? undefined : holds(number, operand as number);
      },
    }),
    words: (operand) => `${words} ${show(operand)}`,
  };
}

function isNumber(operand: unknown): operand is number {
  return typeof operand === 'number' && Number.isFinite(operand);
}
