// Kind IdentityRules: read and executed by libs/identity; here its refusals get the form of ours.
// One document, named `default`, for a workspace.
import { compileIdentityRules, type RuleProblem } from '@tessera/identity';
import { numberHint, type Field } from './field.js';
import type { IdentityRulesModel } from './model.js';
import { nearest } from './suggest.js';

export const IDENTITY_RULES_NAME = 'default';

export function readIdentityRules(spec: Field): IdentityRulesModel | undefined {
  const compiled = compileIdentityRules(spec.value);
  if (compiled.kind === 'compiled') return { kind: 'IdentityRules' };
  for (const problem of compiled.problems) refuseProblem(spec, problem);
  return undefined;
}

function refuseProblem(spec: Field, { place, found, allowed }: RuleProblem): void {
  const unknownKey = typeof found === 'string' && place.endsWith(`.${found}`);
  const near = typeof found === 'string' ? nearest(found, allowed.split(', ')) : undefined;
  const number = allowed.includes('number') ? numberHint(found) : `write ${allowed}`;
  spec.report.refuse({
    code: unknownKey ? 'unknown-key' : found === undefined ? 'missing' : 'bad-value',
    place,
    problem: unknownKey ? `there is no key '${found}'` : found === undefined ? 'this is missing' : 'this is not allowed here',
    found,
    allowed,
    suggestion: near === undefined ? number : `did you mean '${near}'`,
  });
}
