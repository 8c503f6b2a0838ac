// contains, notContains (a part of a text, or an element of an array), startsWith, endsWith, matches.
// T1 `matches` runs in time linear in the text (RE2 syntax: no look-around, no back-references) and finds the pattern anywhere; ^ and $ anchor it.
// T2 Pattern, its program and the text are bounded; a longer text is unknown, never cut.
import { RE2JS } from 're2js';
import { isScalar, show, type Operator, type Test } from './operator.js';

const PATTERN_MAX = 512;
const PROGRAM_MAX = 1_000;
const MATCHED_TEXT_MAX = 2_048;

export const contains: Operator = {
  takes: 'a text, or an element of an array: a text, a number, true or false',
  check: isScalar,
  compile: (operand) => ({
    test: (value) => {
      if (Array.isArray(value)) return value.includes(operand);
      return typeof value === 'string' && typeof operand === 'string' ? value.includes(operand) : undefined;
    },
  }),
  words: (operand) => `contains ${show(operand)}`,
};

export const notContains: Operator = {
  ...contains,
  compile: (operand) => {
    const { test } = contains.compile(operand);
    return {
      test: (value, nowMs) => {
        const answer = test(value, nowMs);
        return answer === undefined ? undefined : !answer;
      },
    };
  },
  words: (operand) => `does not contain ${show(operand)}`,
};

export const startsWith: Operator = {
  takes: 'a text',
  check: isText,
  compile: (operand) => ofText((value) => value.startsWith(operand as string)),
  words: (operand) => `starts with ${show(operand)}`,
};

export const endsWith: Operator = {
  takes: 'a text',
  check: isText,
  compile: (operand) => ofText((value) => value.endsWith(operand as string)),
  words: (operand) => `ends with ${show(operand)}`,
};

export const matches: Operator = {
  takes: `a regular expression in RE2 syntax of at most ${String(PATTERN_MAX)} characters (no look-around, no back-references)`,
  check: (operand) => isText(operand) && patternOf(operand) !== undefined,
  compile: (operand) => {
    const pattern = patternOf(operand as string);
    return ofText((value) => (value.length > MATCHED_TEXT_MAX ? undefined : pattern?.test(value)));
  },
  words: (operand) => `matches /${operand as string}/`,
};

function isText(operand: unknown): operand is string {
  return typeof operand === 'string';
}

function ofText(test: (value: string) => boolean | undefined): Test {
  return { test: (value) => (typeof value === 'string' ? test(value) : undefined) };
}

function patternOf(text: string): RE2JS | undefined {
  if (text.length > PATTERN_MAX) return undefined;
  try {
    const pattern = RE2JS.compile(text);
    return pattern.programSize() <= PROGRAM_MAX ? pattern : undefined;
  } catch {
    return undefined;
  }
}
