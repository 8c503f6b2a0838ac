// What is malformed, and what is said of it.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseQuestion, problemText } from '../src/question.js';

const PERSON = { userId: 'u' };

function problemOf(body: unknown): string {
  const parsed = parseQuestion(body);
  return parsed.kind === 'problem' ? problemText(parsed.problem) : 'none';
}

describe('a question', () => {
  test('is read by JSON names and by proto names; empty counts as absent; deadlines are capped', () => {
    expect(
      parseQuestion({
        person: { userId: 'u', anonymousId: '', profileId: null },
        slots: ['a', 'a'],
        deadlineMs: 9_000,
        later: 1,
      }),
    ).toEqual({
      kind: 'question',
      question: {
        person: { profileId: undefined, userId: 'u', anonymousId: undefined, identities: [] },
        slots: ['a', 'a'],
        context: {},
        deadlineMs: 2_000,
      },
    });
    const named = {
      person: { user_id: 'u', anonymous_id: 'd', profile_id: 'p', identities: { email: 'e', phone: '' } },
      slots: ['a'],
      deadline_ms: 50,
    };
    expect(parseQuestion({ ...named, context: { a: 1 } })).toMatchObject({
      question: {
        person: { profileId: 'p', userId: 'u', anonymousId: 'd', identities: [['email', 'e']] },
        context: { a: 1 },
        deadlineMs: 50,
      },
    });
  });

  test.each<[unknown, string]>([
    [undefined, 'request: found nothing, allowed is an object'],
    [[], 'request: found a list, allowed is an object'],
    [{ slots: ['a'] }, 'person: found no identifier, allowed is profile_id, user_id, anonymous_id or an entry of identities'],
    [
      { person: { userId: '' }, slots: ['a'] },
      'person: found no identifier, allowed is profile_id, user_id, anonymous_id or an entry of identities',
    ],
    [{ person: 'u', slots: ['a'] }, 'person: found string, allowed is an object'],
    [{ person: { userId: 42 }, slots: ['a'] }, 'person.user_id: found number, allowed is text of 1 to 1024 characters'],
    [
      { person: { anonymousId: 'x'.repeat(1_025) }, slots: ['a'] },
      'person.anonymous_id: found 1025 characters, allowed is text of 1 to 1024 characters',
    ],
    [
      { person: { identities: { email: [] } }, slots: ['a'] },
      'person.identities.email: found a list, allowed is text of 1 to 1024 characters',
    ],
    [
      { person: { identities: { '': 'x' } }, slots: ['a'] },
      'a key of person.identities: found 0 characters, allowed is text of 1 to 256 characters',
    ],
    [{ person: PERSON }, 'slots: found nothing, allowed is a list of 1 to 50 names of Slot definitions'],
    [{ person: PERSON, slots: [] }, 'slots: found 0 names, allowed is a list of 1 to 50 names of Slot definitions'],
    [
      { person: PERSON, slots: Array(51).fill('a') },
      'slots: found 51 names, allowed is a list of 1 to 50 names of Slot definitions',
    ],
    [{ person: PERSON, slots: ['a', ''] }, 'slots[1]: found 0 characters, allowed is text of 1 to 256 characters'],
    [{ person: PERSON, slots: ['a'], context: [] }, 'context: found a list, allowed is an object'],
    [
      { person: PERSON, slots: ['a'], context: { a: Array(5_001).fill(0) } },
      'context: found more values, allowed is at most 5000 values',
    ],
    [
      { person: PERSON, slots: ['a'], context: { a: 'x'.repeat(65_537) } },
      'context: found more text, allowed is at most 65536 characters',
    ],
    [
      { person: PERSON, slots: ['a'], context: JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)) },
      'context: found deeper nesting, allowed is at most 32 levels',
    ],
    [
      { person: PERSON, slots: ['a'], deadlineMs: -1 },
      'deadline_ms: found -1, allowed is a whole number of milliseconds, or 0 for 2,000',
    ],
    [
      { person: PERSON, slots: ['a'], deadlineMs: '5' },
      'deadline_ms: found string, allowed is a whole number of milliseconds, or 0 for 2,000',
    ],
  ])('that is malformed names field, found and allowed %#', (body, problem) => {
    expect(problemOf(body)).toBe(problem);
  });

  test('is never refused by an exception', () => {
    const anything = fc.record(
      { person: fc.anything(), slots: fc.anything(), context: fc.anything(), deadlineMs: fc.anything() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.anything(), anything), (body) => {
        expect(['question', 'problem']).toContain(parseQuestion(body).kind);
      }),
      { numRuns: 1_000 },
    );
  });
});
