// before, after (an instant), withinLast, withinNext (a duration from now): order of dates; what counts as no date is unknown.
// D1 withinLast is (now - w, now], withinNext its mirror [now, now + w): both are true at now, and both end after exactly w.
import { parseDuration, parseInstant } from '@tessera/time';
import { dateOf, show, type Operator, type Test } from './operator.js';

export const before = fixed('is before', (date, instantMs) => date < instantMs);
export const after = fixed('is after', (date, instantMs) => date > instantMs);

export const withinLast: Operator = {
  ...duration(),
  compile: (operand) => {
    const windowMs = parseDuration(operand as string) as number;
    return interval(
      (date) => date,
      (date) => date + windowMs,
    );
  },
  words: (operand) => `is within the last ${operand as string}`,
};

export const withinNext: Operator = {
  ...duration(),
  compile: (operand) => {
    const windowMs = parseDuration(operand as string) as number;
    return interval(
      (date) => date - windowMs + 1,
      (date) => date + 1,
    );
  },
  words: (operand) => `is within the next ${operand as string}`,
};

function fixed(words: string, holds: (date: number, instantMs: number) => boolean): Operator {
  return {
    takes: 'a date or an instant: 2026-01-31 or 2026-01-31T12:00:00Z',
    check: (operand) => typeof operand === 'string' && parseInstant(operand) !== undefined,
    compile: (operand) => {
      const instantMs = parseInstant(operand as string) as number;
      return {
        test: (value) => {
          const date = dateOf(value);
          return date === undefined ? undefined : holds(date, instantMs);
        },
      };
    },
    words: (operand) => `${words} ${show(operand)}`,
  };
}

function duration(): Pick<Operator, 'takes' | 'check'> {
  return {
    takes: 'a duration: 24h, 7d, 1d12h',
    check: (operand) => typeof operand === 'string' && (parseDuration(operand) ?? 0) > 0,
  };
}

/** True while from(date) <= now < to(date). */
function interval(from: (date: number) => number, to: (date: number) => number): Test {
  return {
    test: (value, nowMs) => {
      const date = dateOf(value);
      return date === undefined ? undefined : nowMs >= from(date) && nowMs < to(date);
    },
    nextChange: (value, nowMs) => {
      const date = dateOf(value);
      if (date === undefined || nowMs >= to(date)) return Infinity;
      return nowMs < from(date) ? from(date) : to(date);
    },
  };
}
