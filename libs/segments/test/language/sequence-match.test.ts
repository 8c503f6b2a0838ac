// Sequences against an oracle that tries every assignment of events to steps.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { TrailPartial } from '@tessera/features';
import type { Step } from '../../src/language/model.js';
import { compileSequence, prefixMatched, type SequenceAnswer } from '../../src/language/sequence-match.js';

type Event = readonly [timeMs: number, messageId: string, mask: number];

const SELECTOR = { event: 'E', where: [] };

/** Does any assignment of events to steps make the sequence true at this time? The definition, word by word. */
function naive(steps: readonly Step[], windowMs: number, events: readonly Event[], nowMs: number): boolean {
  const isLater = (a: Event, b: Event): boolean => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);
  const goOn = (step: number, moment: number, anchor: Event | undefined, first: number): boolean => {
    if (step === steps.length) return moment <= nowMs && first > nowMs - windowMs;
    const { kind, withinMs = Infinity } = steps[step] as Step;
    const ofKind = events.filter((event) => (event[2] & (1 << step)) !== 0);
    if (kind === 'absence') {
      const others = ofKind.filter((event) => event !== anchor && event[0] >= moment && event[0] < moment + withinMs);
      return others.length === 0 && goOn(step + 1, moment + withinMs, undefined, first);
    }
    return ofKind.some((event) => {
      const after = anchor === undefined ? event[0] >= moment : isLater(event, anchor);
      return after && event[0] < moment + withinMs && goOn(step + 1, event[0], event, step === 0 ? event[0] : first);
    });
  };
  return goOn(0, -1, undefined, -1);
}

const END = 60;

const stepsOf = fc
  .array(fc.record({ absence: fc.boolean(), withinMs: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }) }), {
    minLength: 1,
    maxLength: 4,
  })
  .map((rest): Step[] => [
    { kind: 'event', selector: SELECTOR },
    ...rest.map(({ absence, withinMs }): Step =>
      absence
        ? { kind: 'absence', selector: SELECTOR, withinMs: withinMs ?? 5 }
        : { kind: 'event', selector: SELECTOR, ...(withinMs === undefined ? {} : { withinMs }) },
    ),
  ]);

const trailOf = (steps: number): fc.Arbitrary<Event[]> =>
  fc
    .array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: (1 << steps) - 1 })), { maxLength: 9 })
    .map((events) =>
      events
        .map(([time, mask], index): Event => [time, `m${String((index * 7) % 10)}`, mask])
        .sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1)),
    );

const world = stepsOf.chain((steps) =>
  fc.record({
    steps: fc.constant(steps),
    windowMs: fc.oneof(fc.integer({ min: 2, max: 40 }), fc.constant(Infinity)),
    events: trailOf(steps.length),
  }),
);

function answerOf(steps: readonly Step[], windowMs: number, events: readonly Event[], nowMs: number): SequenceAnswer {
  const answer = { verdict: false, nextChangeMs: 0 };
  compileSequence(steps, windowMs)({ e: events }, nowMs, answer);
  return answer;
}

describe('a sequence', () => {
  test('is what trying every assignment gives, at every millisecond, and changes exactly when it says', () => {
    fc.assert(
      fc.property(world, ({ steps, windowMs, events }) => {
        const truth = Array.from({ length: 2 * END }, (_, nowMs) => naive(steps, windowMs, events, nowMs));
        const answers = Array.from({ length: END }, (_, nowMs) => answerOf(steps, windowMs, events, nowMs));
        expect(answers.map(({ verdict }) => verdict)).toEqual(truth.slice(0, END));
        const changes = answers.map(({ verdict }, nowMs) => truth.findIndex((one, later) => later > nowMs && one !== verdict));
        expect(answers.map(({ nextChangeMs }) => nextChangeMs)).toEqual(
          changes.map((change) => (change < 0 ? Infinity : change)),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  test('that is true tells the moments of a match, one that is false those of its longest beginning', () => {
    fc.assert(
      fc.property(world, fc.integer({ min: 0, max: END }), ({ steps, windowMs, events }, nowMs) => {
        const moments = prefixMatched(steps, windowMs, { e: events }, nowMs);
        const holds = (length: number): boolean => length > 0 && naive(steps.slice(0, length), windowMs, events, nowMs);
        const longest = steps.reduce((best, _, index) => (holds(index + 1) ? index + 1 : best), 0);
        expect(moments).toHaveLength(longest);
        expect(
          moments.every((moment, index) => moment <= nowMs && (index === 0 || moment >= (moments[index - 1] as number))),
        ).toBe(true);
        if (moments.length > 0) expect(moments[0] as number).toBeGreaterThan(nowMs - windowMs);
      }),
      { numRuns: 1_000 },
    );
  });

  test('without a trail is false for ever', () => {
    const answer = { verdict: true, nextChangeMs: 0 };
    compileSequence([
      { kind: 'event', selector: SELECTOR },
      { kind: 'event', selector: SELECTOR },
    ])(undefined, 5, answer);
    expect(answer).toEqual({ verdict: false, nextChangeMs: Infinity });
  });

  test('an absence ends exactly at its deadline, is kept by an event at the deadline and broken by one a millisecond before', () => {
    const steps: Step[] = [
      { kind: 'event', selector: SELECTOR },
      { kind: 'absence', selector: SELECTOR, withinMs: 30 },
    ];
    const added: Event = [100, 'a', 1];
    expect(answerOf(steps, 1_000, [added], 129)).toEqual({ verdict: false, nextChangeMs: 130 });
    expect(answerOf(steps, 1_000, [added], 130)).toEqual({ verdict: true, nextChangeMs: 1_100 });
    expect(answerOf(steps, 1_000, [added], 1_100)).toEqual({ verdict: false, nextChangeMs: Infinity });
    expect(answerOf(steps, 1_000, [added, [130, 'b', 2]], 130)).toEqual({ verdict: true, nextChangeMs: 1_100 });
    expect(answerOf(steps, 1_000, [added, [129, 'b', 2]], 130)).toEqual({ verdict: false, nextChangeMs: Infinity });
    expect(answerOf(steps, 1_000, [[100, 'A', 2], added], 130)).toEqual({ verdict: false, nextChangeMs: Infinity });
    expect(answerOf(steps, 1_000, [[100, 'a', 3]], 130)).toEqual({ verdict: true, nextChangeMs: 1_100 });
  });

  test('of sixteen steps over a thousand events is far from trying assignments: milliseconds at most', () => {
    const steps: Step[] = Array.from({ length: 16 }, () => ({ kind: 'event', selector: SELECTOR, withinMs: 1_000 }));
    const events: Event[] = Array.from({ length: 1_000 }, (_, i) => [i, `m${String(i).padStart(5, '0')}`, 1 << (i % 16)]);
    const match = compileSequence(steps, 5_000);
    const answer = { verdict: false, nextChangeMs: 0 };
    const startMs = performance.now();
    for (let i = 0; i < 200; i++) match({ e: events } satisfies TrailPartial, 2_000, answer);
    expect(answer.verdict).toBe(true);
    expect((performance.now() - startMs) / 200).toBeLessThan(50);
  });
});
