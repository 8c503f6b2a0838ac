// Random runs of the fragments model: what happens, to which fragment, after how long.
import fc from 'fast-check';
import type { FragmentsModel, ModelFragment } from './fragments-model.js';

export type Happening =
  | { readonly what: 'a' | 'b' | 'pro' | 'free' | 'home' | 'agrees' | 'refuses'; readonly who: number; readonly afterMs: number }
  | { readonly what: 'wait'; readonly who: number; readonly afterMs: number };

export const happening: fc.Arbitrary<Happening> = fc.record({
  what: fc.constantFrom('a', 'a', 'a', 'b', 'pro', 'free', 'home', 'agrees', 'refuses', 'wait'),
  who: fc.nat(7),
  afterMs: fc.oneof({ weight: 5, arbitrary: fc.nat(5) }, { weight: 1, arbitrary: fc.nat(40) }),
});

export function happen(model: FragmentsModel, { what, who, afterMs }: Happening): void {
  model.advance(afterMs);
  const fragment = model.fragments[who % model.fragments.length] as ModelFragment;
  if (what === 'a' || what === 'b') model.event(fragment, what);
  else if (what === 'home') model.trait(fragment, 'address', { street: 'x', country: who % 2 === 0 ? 'CA' : 'US' });
  else if (what === 'agrees' || what === 'refuses') model.choice(fragment, 'ads', what === 'agrees');
  else if (what !== 'wait') model.trait(fragment, 'plan', what);
}
