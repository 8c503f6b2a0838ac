// The log of decisions never stands in the way of an answer.
import { expect, test } from '@jest/globals';
import type { DecideResponse, DecisionMadeRecord } from '@tessera/contracts';
import { DecisionCounters } from '../src/deciding/decision-counters.js';
import { DecisionLog } from '../src/deciding/decision-log.js';
import { FakeLog, settle } from './fakes.js';

const answerOf = (decisionId: string, profile = 'p_1'): DecideResponse => ({
  decisionId,
  profile,
  slots: [
    {
      slot: 's',
      status: 'EMPTY',
      content: '',
      payload: undefined,
      reason: { code: 'DEFAULT', detail: '', memberSince: undefined, rules: [] },
    },
  ],
  decided: '2026-01-05T09:30:00.000Z',
  stalenessMs: 0,
  definitionSet: 1,
});

test('decisions of a person are appended in order, to one partition', async () => {
  const [log, counters] = [new FakeLog(), new DecisionCounters()];
  const decisions = new DecisionLog(log.port, counters);
  const ids = Array.from({ length: 1_200 }, (_, i) => String(i));
  for (const id of ids) decisions.add('shop', answerOf(id));
  expect(log.appended).toEqual([]);
  await decisions.close();
  expect(log.appended.map(([, { value }]) => (value as DecisionMadeRecord).decisionId)).toEqual(ids);
  expect(new Set(log.appended.map(([partition]) => partition)).size).toBe(1);
  expect(log.appended[0]?.[1]).toEqual({
    key: 'shop/profile/p_1',
    value: {
      kind: 'decisionMade',
      workspace: 'shop',
      decisionId: '0',
      profile: 'p_1',
      decided: '2026-01-05T09:30:00.000Z',
      slots: [{ slot: 's', status: 'EMPTY', content: '', reason: 'DEFAULT' }],
    },
  });
});

test('decisions for nobody spread by their own id', async () => {
  const [log, counters] = [new FakeLog(), new DecisionCounters()];
  const decisions = new DecisionLog(log.port, counters);
  for (let i = 0; i < 40; i++) decisions.add('shop', answerOf(String(i), ''));
  await decisions.close();
  expect(new Set(log.appended.map(([partition]) => partition)).size).toBeGreaterThan(1);
});

test('a full queue, a failing log and a closed one cost records, which are counted, and nothing else', async () => {
  const [log, counters] = [new FakeLog(), new DecisionCounters()];
  let go = (): void => undefined;
  log.before = () => new Promise((resolve) => (go = resolve));
  const decisions = new DecisionLog(log.port, counters, 3);
  decisions.add('shop', answerOf('under way'));
  await settle();
  for (let i = 0; i < 5; i++) decisions.add('shop', answerOf(String(i)));
  expect(counters.notLogged).toBe(2);
  log.before = () => Promise.reject(new Error('the log is away'));
  go();
  await settle();
  expect([counters.logged, counters.notLogged]).toEqual([1, 5]);
  log.before = () => Promise.resolve();
  decisions.add('shop', answerOf('again'));
  await decisions.close();
  decisions.add('shop', answerOf('late'));
  expect([counters.logged, counters.notLogged]).toEqual([2, 6]);
});
