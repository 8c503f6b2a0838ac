// The decision: what each slot shows to this person, and why. A pure function of the question, the plan and the person.
// D1 Every slot that was asked for is answered exactly once, in order, and never by an exception.
// D2 The first rule that applies and can be rendered wins; a rule that cannot be rendered leaves the place to the next. Then the
//    fallback, rendered leniently: what is missing is empty text, so that a fallback fails only if it is no template at all.
// D3 Without the person (the read model is late or away) no rule is tried, for the one that comes first is not known: the
//    fallback answers.
// D4 The reason names what happened to every rule. A staleness above the bound is said in its code, the match stays in its fields.
import type { DecideResponse, Reason, RuleOutcome, SlotDecision } from '@tessera/contracts';
import { formatInstant } from '@tessera/time';
import type { JsonObject } from './payload.js';
import type { Person, PersonAnswer } from './person.js';
import type { Question } from './question.js';
import type { ContentPlan, DecisionPlan, RulePlan, SlotPlan } from './slots.js';
import type { TemplateScope } from './template.js';

export interface DecideInput {
  readonly question: Pick<Question, 'slots' | 'context'>;
  /** Undefined before the first definition set of the workspace is active. */
  readonly plan: DecisionPlan | undefined;
  readonly person: PersonAnswer;
  readonly nowMs: number;
  /** At or after it the person counts as not read. */
  readonly deadlineMs: number;
  /** Since the read model last heard from its topics; undefined where that is not known. */
  readonly stalenessMs: number | undefined;
  readonly decisionId: string;
}

/** Above this staleness answers say STALE. */
export const STALE_AFTER_MS = 300_000;

type Code =
  'TARGETING_MATCH' | 'DEFAULT' | 'UNKNOWN_PERSON' | 'UNKNOWN_SLOT' | 'RENDER_ERROR' | 'STALE' | 'TIMEOUT' | 'UNAVAILABLE';
type Status = 'OK' | 'FALLBACK' | 'EMPTY' | 'ERROR';

interface Deciding {
  readonly person: PersonAnswer;
  readonly scope: TemplateScope;
  readonly nowMs: number;
  readonly stale: boolean;
}

type Rendered = { readonly kind: 'payload'; readonly payload: JsonObject } | { readonly kind: 'error'; readonly message: string };

const NOTHING: JsonObject = Object.freeze({});

export function decide(input: DecideInput): DecideResponse {
  const { plan, nowMs, stalenessMs } = input;
  const person: PersonAnswer = input.person.kind === 'person' && nowMs >= input.deadlineMs ? { kind: 'timeout' } : input.person;
  const published = person.kind === 'person' ? person.published : undefined;
  const scope: TemplateScope = Object.assign(Object.create(null) as object, {
    traits: published?.traits ?? NOTHING,
    features: published?.features ?? NOTHING,
    context: input.question.context,
  });
  const deciding = { person, scope, nowMs, stale: stalenessMs !== undefined && stalenessMs > STALE_AFTER_MS };
  return {
    decisionId: input.decisionId,
    profile: person.kind === 'person' && person.known ? person.profile : '',
    slots: input.question.slots.map((name) => decideSlot(name, plan, deciding)),
    decided: formatInstant(nowMs),
    stalenessMs: person.kind === 'person' ? (stalenessMs ?? -1) : -1,
    definitionSet: plan?.set ?? 0,
  };
}

function decideSlot(name: string, plan: DecisionPlan | undefined, deciding: Deciding): SlotDecision {
  const slot = plan?.slots.get(name);
  if (slot === undefined) {
    const detail = plan === undefined ? 'No definition set is active yet.' : `Set ${String(plan.set)} holds no Slot ${name}.`;
    return decision(name, 'ERROR', undefined, undefined, reason('UNKNOWN_SLOT', detail, []));
  }
  if (deciding.person.kind !== 'person') return fallback(name, slot, deciding, skipped(slot.rules, 0));
  return applyRules(name, slot, deciding, deciding.person);
}

function applyRules(name: string, slot: SlotPlan, deciding: Deciding, person: Person): SlotDecision {
  const outcomes: RuleOutcome[] = [];
  for (const [i, rule] of slot.rules.entries()) {
    const membership = rule.segment === undefined ? undefined : person.memberships.get(rule.segment);
    if (rule.segment !== undefined && (membership === undefined || !rule.segmentDefined)) {
      outcomes.push(outcome(i, rule, 'not-a-member', rule.segmentDefined ? '' : `the set holds no Segment ${rule.segment}`));
      continue;
    }
    const rendered = render(rule.content, deciding, true);
    if (rendered.kind === 'error') {
      outcomes.push(outcome(i, rule, 'render-error', rendered.message));
      continue;
    }
    outcomes.push(outcome(i, rule, 'applied', ''), ...skipped(slot.rules, i + 1));
    const matched: Match = { rule: i, segment: rule.segment, sinceMs: membership?.enteredAtMs };
    const code = deciding.stale ? 'STALE' : 'TARGETING_MATCH';
    return decision(name, 'OK', rule.content.name, rendered.payload, reason(code, matchText(matched), outcomes, matched));
  }
  return fallback(name, slot, deciding, outcomes);
}

function fallback(name: string, slot: SlotPlan, deciding: Deciding, outcomes: readonly RuleOutcome[]): SlotDecision {
  const [code, detail] = whyNoRule(deciding, outcomes);
  if (slot.fallback === undefined) {
    return decision(name, 'EMPTY', undefined, undefined, reason(code, `${detail} The slot has no fallback.`, outcomes));
  }
  const rendered = render(slot.fallback, deciding, false);
  if (rendered.kind === 'error') {
    const failed = `${detail} The fallback ${slot.fallback.name} cannot be rendered: ${rendered.message}.`;
    return decision(name, 'ERROR', undefined, undefined, reason('RENDER_ERROR', failed, outcomes));
  }
  return decision(name, 'FALLBACK', slot.fallback.name, rendered.payload, reason(code, detail, outcomes));
}

function whyNoRule({ person, stale }: Deciding, outcomes: readonly RuleOutcome[]): readonly [Code, string] {
  if (person.kind === 'timeout') return ['TIMEOUT', 'The read model did not answer before the deadline.'];
  if (person.kind === 'unavailable') return ['UNAVAILABLE', 'The read model is not available.'];
  const failed = outcomes.find((one) => one.outcome === 'render-error');
  if (failed !== undefined)
    return ['RENDER_ERROR', `Rule ${String(failed.rule)} applies, its content ${failed.content} cannot be rendered.`];
  if (stale) return ['STALE', 'No rule applies, by a read model that has not heard from its topics for long.'];
  return person.known ? ['DEFAULT', 'No rule applies.'] : ['UNKNOWN_PERSON', 'Nothing is known of this person.'];
}

function render(content: ContentPlan, deciding: Deciding, strict: boolean): Rendered {
  if (content.compiled.kind === 'problem') return { kind: 'error', message: content.compiled.problem };
  try {
    return { kind: 'payload', payload: content.compiled.payload.render(deciding.scope, deciding.nowMs, strict) };
  } catch (error) {
    return { kind: 'error', message: error instanceof Error ? error.message : String(error) };
  }
}

interface Match {
  readonly rule: number;
  readonly segment: string | undefined;
  readonly sinceMs: number | undefined;
}

function matchText(match: Match): string {
  const who = match.segment === undefined ? 'everyone' : `members of ${match.segment}`;
  return `Rule ${String(match.rule)} applies to ${who}.`;
}

function outcome(rule: number, { segment = '', content }: RulePlan, result: string, detail: string): RuleOutcome {
  return { rule, segment, content: content.name, outcome: result, detail };
}

function skipped(rules: readonly RulePlan[], from: number): RuleOutcome[] {
  return rules.slice(from).map((rule, i) => outcome(from + i, rule, 'skipped', ''));
}

function reason(code: Code, detail: string, rules: readonly RuleOutcome[], match?: Match): Reason {
  return {
    code,
    detail,
    ...(match !== undefined && { rule: match.rule }),
    ...(match?.segment !== undefined && { segment: match.segment }),
    memberSince: match?.sinceMs === undefined ? undefined : formatInstant(match.sinceMs),
    rules,
  };
}

function decision(
  slot: string,
  status: Status,
  content: string | undefined,
  payload: JsonObject | undefined,
  why: Reason,
): SlotDecision {
  return { slot, status, content: content ?? '', payload, reason: why };
}
