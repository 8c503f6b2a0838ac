// The definitions of the interface page, compiled as the platform compiles them: their traits reach the templates.
import { expect, test } from '@jest/globals';
import { type DefinitionDocument, compileSet } from '@tessera/segments';
import { decide } from '../src/decide.js';
import { PayloadCache, planOf, segmentsOf } from '../src/slots.js';
import { personOf } from './definitions.js';

const document = (kind: string, name: string, spec: Record<string, unknown>): DefinitionDocument => ({
  apiVersion: 'tessera/v1',
  kind,
  metadata: { name },
  spec,
});

const DOCUMENTS = [
  document('Segment', 'cart-abandoners', { when: { event: 'Product Added', within: '24h' } }),
  document('Content', 'ten-off', {
    payload: { headline: "Hi {{ traits.firstName | default: 'there' }}, 10 % off", href: '/cart' },
  }),
  document('Content', 'standard-hero', { payload: { headline: 'Welcome' } }),
  document('Slot', 'home-hero', { rules: [{ segment: 'cart-abandoners', content: 'ten-off' }], fallback: 'standard-hero' }),
  document('IdentityRules', 'default', { namespaces: { crm: { from: ['traits.crm'], priority: 3 } } }),
];

test('a compiled set is decided with', () => {
  const compiled = compileSet('shop', 4, DOCUMENTS);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled));
  const plan = planOf(compiled.set, new PayloadCache());
  expect(compiled.set.publishedTraits).toEqual(['firstName']);
  expect(segmentsOf(plan, ['home-hero'])).toEqual(['cart-abandoners']);
  expect(plan.identityRules.namespace('crm').priority).toBe(3);
  const answer = (segments: readonly string[]) =>
    decide({
      question: { slots: ['home-hero'], context: {} },
      plan,
      person: personOf({ segments, traits: { firstName: 'Ada' } }),
      nowMs: 0,
      deadlineMs: 1,
      stalenessMs: 0,
      decisionId: 'd',
    });
  expect(answer(['cart-abandoners'])).toMatchObject({
    definitionSet: 4,
    slots: [{ status: 'OK', payload: { headline: 'Hi Ada, 10 % off' } }],
  });
  expect(answer([])).toMatchObject({
    slots: [{ status: 'FALLBACK', content: 'standard-hero', payload: { headline: 'Welcome' } }],
  });
});
