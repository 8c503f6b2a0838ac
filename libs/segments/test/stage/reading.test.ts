import { describe, expect, test } from '@jest/globals';
import { readConsent, readFeatures, readMemberships, readSegment, readTraits } from '../../src/reading.js';
import { Driver } from './driver.js';
import { FragmentsModel, type ModelFragment } from './fragments-model.js';
import { setOf } from './hand-made-set.js';

const SET = setOf(1);
const at = (ms: number): string => new Date(ms).toISOString();

function played(): Driver {
  const driver = new Driver({ sets: [SET] });
  const model = new FragmentsModel(driver, ['p1', 'p1']);
  driver.activate(SET, 990);
  const [one, two] = model.fragments as [ModelFragment, ModelFragment];
  model.event(one, 'a');
  model.trait(one, 'address', { country: 'CA', street: 'x' });
  model.advance(2);
  model.event(two, 'a');
  model.choice(two, 'ads', false);
  return driver;
}

describe('reading a profile', () => {
  test('gives its memberships with the time of entry', () => {
    expect(readMemberships(played().document('p1'))).toEqual([
      { segment: 'active', enteredAt: at(1002), pending: false },
      { segment: 'blinks', enteredAt: at(1000), pending: false },
      { segment: 'perhaps-pro', enteredAt: at(1000), pending: false },
    ]);
  });

  test('gives features with status, exactness and next change, also those that nobody has', () => {
    expect(readFeatures(played().document('p1'), SET, ['a-count', 'country', 'nothing'])).toEqual([
      { name: 'a-count', status: 'PRESENT', value: 2, exactness: 'EXACT', nextChange: at(1010) },
      { name: 'country', status: 'PRESENT', value: 'CA', exactness: 'EXACT', nextChange: undefined },
      { name: 'nothing', status: 'NOT_FOUND', value: undefined, exactness: 'EXACT', nextChange: undefined },
    ]);
    expect(
      readFeatures(new Driver({ sets: [SET] }).document('p9'), SET, []).map(({ name, status, value }) => [name, status, value]),
    ).toEqual([
      ['a-count', 'PRESENT', 0],
      ['country', 'NULL_VALUE', undefined],
    ]);
  });

  test('gives traits by path, and consent by purpose', () => {
    const document = played().document('p1');
    expect(readTraits(document, SET, [])).toEqual({ address: { country: 'CA', street: 'x' } });
    expect(readTraits(document, SET, ['address.country', 'plan'])).toEqual({ 'address.country': 'CA' });
    expect(readConsent(document, SET)).toEqual({ ads: false });
  });

  test('explains a membership that is waiting: since when the condition holds, and when it will count', () => {
    const reading = readSegment(played().document('p1'), SET, 'steady', 1003);
    expect(reading).toMatchObject({ member: false, verdict: 'true', enteredAt: undefined, nextChange: at(1007), pending: false });
    expect(reading?.sentence).toBe(
      `She is not in it. The condition has held since ${at(1000)}; the membership begins at ${at(1007)} if it holds for 7ms.`,
    );
    expect(reading?.explanation.verdict).toBe('true');
  });

  test('explains an unknown verdict by the policy, and names the next moment of what it reads through others', () => {
    const document = played().document('p1');
    expect(readSegment(document, SET, 'perhaps-pro', 1003)).toMatchObject({
      member: true,
      verdict: 'unknown',
      sentence: 'She is in it. An unknown answer counts as membership here.',
      nextChange: undefined,
    });
    expect(readSegment(document, SET, 'both', 1003)).toMatchObject({ member: false, verdict: 'false', nextChange: at(1007) });
    expect(readSegment(document, SET, 'no-such', 1003)).toBeUndefined();
  });
});
