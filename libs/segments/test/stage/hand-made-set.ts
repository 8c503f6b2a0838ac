// Compiled sets made by hand: small rules of every kind that the stage has to serve, without the language.
import type { Explanation } from '@tessera/contracts';
import type { CountPartial, Slot, ValuePartial } from '@tessera/features';
import type { CompiledSegment, CompiledSet, ProfileView, Verdict } from '../../src/compiled.js';

export const WINDOW_MS = 10;
export const SILENCE_MS = 15;

export const SLOTS: readonly Slot[] = [
  { kind: 'aggregate', id: 'a10', selector: { event: 'a', where: [] }, aggregate: 'count', windowMs: WINDOW_MS },
  { kind: 'aggregate', id: 'b', selector: { event: 'b', where: [] }, aggregate: 'count' },
  { kind: 'aggregate', id: 'lastA', selector: { event: 'a', where: [] }, aggregate: 'last', of: 'name' },
];

interface Rule {
  readonly name: string;
  readonly slots?: readonly string[];
  readonly traits?: readonly string[];
  readonly segments?: readonly string[];
  /** By slot; without it any change of a slot may matter. */
  readonly bounds?: Readonly<Record<string, readonly number[]>>;
  readonly enterAfterMs?: number;
  readonly exitAfterMs?: number;
  readonly unknown?: 'exclude' | 'include';
  readonly test: (view: ProfileView, nowMs: number) => Verdict;
  readonly next?: (view: ProfileView, nowMs: number) => number;
}

const countOf = (view: ProfileView, slot: string): number => (view.partial(slot) as CountPartial | undefined)?.n ?? 0;

const lastOf = (view: ProfileView): number | undefined => (view.partial('lastA') as ValuePartial | undefined)?.t;

const isPro = (view: ProfileView): Verdict => (view.trait('plan') == null ? undefined : view.trait('plan') === 'pro');

export const RULES: readonly Rule[] = [
  { name: 'active', slots: ['a10'], bounds: { a10: [2] }, test: (view) => countOf(view, 'a10') >= 2 },
  {
    name: 'three-or-many',
    slots: ['a10'],
    bounds: { a10: [3, 5] },
    test: (view) => countOf(view, 'a10') === 3 || countOf(view, 'a10') > 5,
  },
  { name: 'buyer', slots: ['b'], bounds: { b: [1] }, test: (view) => countOf(view, 'b') >= 1 },
  { name: 'pro', traits: ['plan'], test: isPro },
  { name: 'perhaps-pro', traits: ['plan'], unknown: 'include', test: isPro },
  {
    name: 'silent',
    slots: ['lastA'],
    test: (view, nowMs) => {
      const last = lastOf(view);
      return last === undefined ? undefined : nowMs >= last + SILENCE_MS;
    },
    next: (view, nowMs) => {
      const last = lastOf(view);
      return last === undefined || nowMs >= last + SILENCE_MS ? Infinity : last + SILENCE_MS;
    },
  },
  {
    // Its verdict comes back at the very moment at which its deadline runs out.
    name: 'blinks',
    slots: ['lastA'],
    exitAfterMs: 4,
    test: (view, nowMs) => {
      const last = lastOf(view);
      return last !== undefined && nowMs - last < 24 && (nowMs - last) % 8 < 4;
    },
    next: (view, nowMs) => {
      const last = lastOf(view);
      return last === undefined || nowMs - last >= 24 ? Infinity : nowMs + 4 - ((nowMs - last) % 4);
    },
  },
  {
    name: 'steady',
    slots: ['a10'],
    bounds: { a10: [1] },
    enterAfterMs: 7,
    exitAfterMs: 4,
    test: (view) => countOf(view, 'a10') >= 1,
  },
  { name: 'both', segments: ['active', 'steady'], test: (view) => view.member('active') && view.member('steady') },
  {
    name: 'not-both',
    segments: ['both'],
    slots: ['b'],
    exitAfterMs: 3,
    test: (view) => !view.member('both') && countOf(view, 'b') > 0,
  },
];

/** A later set: rules that are gone, that have other durations, and that are new. */
export const LATER_RULES: readonly Rule[] = [
  ...RULES.filter(({ name }) => name === 'pro' || name === 'perhaps-pro'),
  { name: 'active', slots: ['a10'], test: (view) => countOf(view, 'a10') >= 1 },
  { name: 'steady', slots: ['a10'], enterAfterMs: 3, exitAfterMs: 9, test: (view) => countOf(view, 'a10') >= 1 },
  { name: 'both', segments: ['active', 'steady'], test: (view) => view.member('active') && view.member('steady') },
  { name: 'heavy', slots: ['b'], bounds: { b: [2] }, enterAfterMs: 5, test: (view) => countOf(view, 'b') >= 2 },
];

/** Segments whose membership is a function of present values. */
export const WITHOUT_PATH = ['active', 'buyer', 'pro', 'perhaps-pro', 'silent'];

export function setOf(
  set: number,
  rules: readonly Rule[] = RULES,
  slots: readonly Slot[] = SLOTS,
  publishes = true,
): CompiledSet {
  const segments = rules.map((rule) => segmentOf(rule, set));
  const by = (key: 'slots' | 'traits' | 'segments'): ReadonlyMap<string, readonly number[]> => {
    const map = new Map<string, number[]>();
    segments.forEach((segment, i) => {
      for (const name of segment[key]) map.set(name, [...(map.get(name) ?? []), i]);
    });
    return map;
  };
  return {
    workspace: 'w',
    set,
    hash: `hash-${String(set)}`,
    plan: { hash: `hash-${String(set)}`, set, slots },
    segments,
    bySlot: by('slots'),
    byTrait: by('traits'),
    bySegment: by('segments'),
    features: publishes
      ? [
          { name: 'a-count', version: 1, source: { kind: 'slot', slotId: 'a10' } },
          { name: 'country', version: 1, source: { kind: 'trait', path: 'address.country' } },
        ]
      : [],
    publishedTraits: publishes ? ['plan', 'address'] : [],
    documents: new Map(),
  };
}

function segmentOf(rule: Rule, version: number): CompiledSegment {
  const evaluate: CompiledSegment['evaluate'] = (view, nowMs) => ({
    verdict: rule.test(view, nowMs),
    nextChangeMs: rule.next?.(view, nowMs) ?? Infinity,
  });
  return {
    name: rule.name,
    title: rule.name,
    version,
    stability: { enterAfterMs: rule.enterAfterMs ?? 0, exitAfterMs: rule.exitAfterMs ?? 0 },
    unknown: rule.unknown ?? 'exclude',
    segments: rule.segments ?? [],
    slots: rule.slots ?? [],
    traits: rule.traits ?? [],
    bounds: new Map(Object.entries(rule.bounds ?? {})),
    evaluate,
    explain: (view, nowMs) => explanationOf(rule.name, evaluate(view, nowMs).verdict),
    sentence: (_view, _nowMs, member) => (member ? 'She is in it.' : 'She is not in it.'),
  };
}

function explanationOf(condition: string, verdict: Verdict): Explanation {
  return {
    place: 'spec.when',
    kind: 'event',
    verdict: verdict === undefined ? 'unknown' : String(verdict),
    condition,
    found: undefined,
    wanted: undefined,
    decisive: true,
    nextChange: undefined,
    approximate: false,
    children: [],
  };
}
