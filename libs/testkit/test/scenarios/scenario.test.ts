import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CoreWorld, loadScenarioText, runScenario, SystemHost, type Failure } from '../../src/index.js';

const DEFINITIONS = `
definitions:
  - { apiVersion: tessera/v1, kind: Segment, metadata: { name: buyers }, spec: { when: { event: Buy } } }
  - { apiVersion: tessera/v1, kind: Feature, metadata: { name: buys }, spec: { event: Buy } }
`;
const text = (steps: string): string => `scenario: s\nstart: 2026-01-05T09:00:00Z\n${DEFINITIONS}\nsteps:\n${steps}`;
const BOUGHT = '  - send: { type: track, event: Buy, userId: u1 }\n';

async function failuresOf(steps: string): Promise<readonly Failure[]> {
  const failures: Failure[] = [];
  for (const scenario of loadScenarioText(text(steps), 's.yaml')) {
    failures.push(...(await runScenario(scenario, new SystemHost(new CoreWorld(scenario.startMs)))).failures);
  }
  return failures;
}

describe('an expectation that does not hold', () => {
  test.each([
    ['{ segments: { buyers: false } }', 'segments.buyers', 'false', 'true'],
    ['{ segments: { byers: false } }', 'segments.byers', 'false', '"no such segment"'],
    ['{ features: { buys: 2 } }', 'features.buys', '2', '1'],
    ['{ features: { byes: 1 } }', 'features.byes', '1', '"no such feature"'],
    ['{ traits: { plan: pro } }', 'traits.plan', '"pro"', 'null'],
    ['{ consent: { ads: true } }', 'consent', '{"ads":true}', '{}'],
    ['{ changes: [] }', 'changes', '[]', '[{"segment":"buyers","kind":"entered","at":"2026-01-05T09:00:00.000Z"}]'],
    ['{ other-profile-than: { userId: u1 } }', 'other-profile-than', 'true', 'false'],
  ])('%s tells its place, what was expected and what was found', async (expectation, place, expected, found) => {
    const step = `  - expect: ${expectation.replace('{', '{ person: { userId: u1 },')}`;
    expect(await failuresOf(`${BOUGHT}${step}`)).toEqual([{ place: `s.yaml:10 steps[1].expect.${place}`, expected, found }]);
  });

  test('ends nothing: what follows is still checked', async () => {
    const wrong = '  - expect: { person: { userId: u1 }, features: { buys: 3 } }\n';
    expect(await failuresOf(`${BOUGHT}${wrong}${wrong}`)).toHaveLength(2);
  });
});

describe('what a host refuses is a failure of that step and ends the scenario', () => {
  test.each([
    ['send: { type: track, event: Buy }', 'names nobody'],
    ['send: { type: walk, userId: u1 }', 'unknown-type'],
    ['unlink: [{ userId: u1 }, { userId: u2 }]', 'nothing links these two'],
    ['unlink: [{ userId: u1 }, { userId: u1 }]', 'one and the same'],
    ['at: 2026-01-05T08:59:59.999Z', 'before the present moment'],
    ['apply: [{ apiVersion: tessera/v1, kind: Slot, metadata: { name: s }, spec: { fallback: none } }]', 'none'],
  ])('%s', async (step, found) => {
    const after = '  - expect: { person: { userId: u1 }, features: { buys: 9 } }';
    const failures = await failuresOf(`${BOUGHT}  - ${step}\n${after}`);
    expect(failures).toEqual([
      { place: 's.yaml:10 steps[1]', expected: 'to be accepted', found: expect.stringContaining(found) },
    ]);
  });
});

describe('a file that says something unknown is refused with the place', () => {
  test.each([
    ['  - wait: 1s', 's.yaml:9 steps[0].wait: found "wait"'],
    ['  - advance: soon', 's.yaml:9 steps[0].advance: found "soon"'],
    ['  - expect: { segments: {} }', 's.yaml:9 steps[0].expect.person: found nothing'],
    ['  - expect: { person: { userId: 7 } }', 's.yaml:9 steps[0].expect.person.userId: found 7'],
    ['  - expect: { person: { userId: u }, segments: { a: yes } }', 's.yaml:9 steps[0].expect.segments.a: found "yes"'],
    [
      '  - expect: { person: { userId: u }, changes: [{ segment: a, kind: entered, when: x }] }',
      's.yaml:9 steps[0].expect.changes[0].when',
    ],
    ['  - unlink: [{ userId: u }]', 's.yaml:9 steps[0].unlink: found [{"userId":"u"}], allowed is two people'],
    ['  - apply: [{ kind: Segment }]', 's.yaml:9 steps[0].apply[0]:1:'],
    ['  - apply: [nowhere.yaml]', 'nowhere.yaml: it cannot be read'],
    ['  - &a', 's.yaml'],
  ])('%s', (steps, refusal) => {
    expect(() => loadScenarioText(text(steps), 's.yaml')).toThrow(refusal);
  });
});

test('the example of the manual holds', async () => {
  const manual = readFileSync(join(import.meta.dirname, '../../../../docs/scenarios.md'), 'utf8');
  const [, example = ''] = /```yaml\n(.*?)```/s.exec(manual) ?? [];
  const [scenario] = loadScenarioText(example, 'docs/scenarios.md');
  if (!scenario) throw new Error('the manual has no example');
  const { failures, checked } = await runScenario(scenario, new SystemHost(new CoreWorld(scenario.startMs)));
  expect({ failures, checked }).toEqual({ failures: [], checked: 4 });
});
