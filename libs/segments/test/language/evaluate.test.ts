// Evaluation and explanation against a second, plain reading of random conditions over random profiles.
import { describe, expect, test } from '@jest/globals';
import type { Explanation } from '@tessera/contracts';
import type { Partial_ } from '@tessera/features';
import fc from 'fast-check';
import type { CompiledSegment, Verdict } from '../../src/compiled.js';
import { compiled, feature, one, segment, viewOf, type Known } from './documents.js';

/** A condition whose every leaf asks for a fact of its own, with that fact. */
type Tree =
  | { readonly kind: 'all' | 'any'; readonly children: readonly Tree[] }
  | { readonly kind: 'not'; readonly child: Tree }
  | { readonly kind: 'event'; readonly atLeast: number; readonly count: number }
  | { readonly kind: 'trait'; readonly value: string | null | undefined }
  | { readonly kind: 'date'; readonly atMs: number | undefined; readonly windowMs: number; readonly next: boolean }
  | { readonly kind: 'segment'; readonly member: boolean }
  | { readonly kind: 'sequence'; readonly addedMs: number | undefined; readonly orderedMs: number | undefined };

const ABSENCE_MS = 10;
const WINDOW_MS = 30;
const END_MS = 60;

const moment = fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined });

const { tree } = fc.letrec<{ tree: Tree; leaf: Tree; group: Tree; negation: Tree }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('group'), tie('negation')),
  group: fc.record({
    kind: fc.constantFrom('all' as const, 'any' as const),
    children: fc.array(tie('tree'), { minLength: 1, maxLength: 4 }),
  }),
  negation: fc.record({ kind: fc.constant('not' as const), child: tie('tree') }),
  leaf: fc.oneof(
    fc.record({
      kind: fc.constant('event' as const),
      atLeast: fc.integer({ min: 1, max: 3 }),
      count: fc.integer({ min: 0, max: 4 }),
    }),
    fc.record({ kind: fc.constant('trait' as const), value: fc.constantFrom('pro', 'free', null, undefined) }),
    fc.record({
      kind: fc.constant('date' as const),
      atMs: moment,
      windowMs: fc.integer({ min: 1, max: 20 }),
      next: fc.boolean(),
    }),
    fc.record({ kind: fc.constant('segment' as const), member: fc.boolean() }),
    fc.record({ kind: fc.constant('sequence' as const), addedMs: moment, orderedMs: moment }),
  ),
}));

interface Case {
  readonly segment: CompiledSegment;
  readonly known: Required<Known>;
  /** By place. */
  readonly leaves: ReadonlyMap<string, Tree>;
  readonly nameAt: ReadonlyMap<string, string>;
}

/** The document of a tree, its profile, and which leaf is where. Fact names are those of the place. */
function caseOf(root: Tree, unknown: 'exclude' | 'include'): Case {
  const leaves = new Map<string, Tree>();
  const nameAt = new Map<string, string>();
  const others: string[] = [];
  const documentOf = (node: Tree, place: string): unknown => {
    if (node.kind === 'all' || node.kind === 'any') {
      const { kind } = node;
      return { [kind]: node.children.map((child, i) => documentOf(child, `${place}.${kind}[${String(i)}]`)) };
    }
    if (node.kind === 'not') return { not: documentOf(node.child, `${place}.not`) };
    const name = `fact-${String(leaves.size)}`;
    leaves.set(place, node);
    nameAt.set(place, name);
    switch (node.kind) {
      case 'event':
        return { event: name, count: { gte: node.atLeast } };
      case 'trait':
        return { trait: name, eq: 'pro' };
      case 'date':
        return { trait: name, [node.next ? 'withinNext' : 'withinLast']: `${String(node.windowMs)}ms` };
      case 'segment':
        others.push(name);
        return { segment: name };
      case 'sequence':
        return {
          sequence: [{ event: name }, { not: { event: `${name} ordered` }, within: `${String(ABSENCE_MS)}ms` }],
          within: `${String(WINDOW_MS)}ms`,
        };
    }
  };
  const subject = segment('subject', documentOf(root, 'spec.when'), { unknown });
  const set = compiled(subject, ...others.map((name) => segment(name, { event: name })));
  const found = set.segments.find(({ name }) => name === 'subject') as CompiledSegment;
  const slotAt = new Map(
    set.plan.slots.map((slot) => [slot.kind === 'trail' ? slot.selectors[0]?.event : slot.selector.event, slot.id]),
  );
  const known = { partials: {} as Record<string, Partial_>, traits: {} as Record<string, unknown>, members: [] as string[] };
  for (const [place, leaf] of leaves) learn(known, leaf, nameAt.get(place) as string, slotAt);
  return { segment: found, known, leaves, nameAt };
}

function learn(
  known: { partials: Record<string, Partial_>; traits: Record<string, unknown>; members: string[] },
  leaf: Tree,
  name: string,
  slotAt: ReadonlyMap<string | undefined, string>,
): void {
  const slot = slotAt.get(name) as string;
  if (leaf.kind === 'event' && leaf.count > 0) known.partials[slot] = { n: leaf.count };
  if (leaf.kind === 'trait') known.traits[name] = leaf.value;
  if (leaf.kind === 'date' && leaf.atMs !== undefined) known.traits[name] = new Date(leaf.atMs).toISOString();
  if (leaf.kind === 'segment' && leaf.member) known.members.push(name);
  if (leaf.kind !== 'sequence') return;
  const events = [
    ...(leaf.addedMs === undefined ? [] : [[leaf.addedMs, 'a', 1] as const]),
    ...(leaf.orderedMs === undefined ? [] : [[leaf.orderedMs, 'b', 2] as const]),
  ];
  if (events.length > 0) known.partials[slot] = { e: events.sort((a, b) => a[0] - b[0]) };
}

/** Kleene's tables, written out. */
function naive(node: Tree, nowMs: number): Verdict {
  switch (node.kind) {
    case 'all': {
      const verdicts = node.children.map((child) => naive(child, nowMs));
      return verdicts.includes(false) ? false : verdicts.includes(undefined) ? undefined : true;
    }
    case 'any': {
      const verdicts = node.children.map((child) => naive(child, nowMs));
      return verdicts.includes(true) ? true : verdicts.includes(undefined) ? undefined : false;
    }
    case 'not': {
      const verdict = naive(node.child, nowMs);
      return verdict === undefined ? undefined : !verdict;
    }
    case 'event':
      return node.count >= node.atLeast;
    case 'trait':
      return node.value === undefined || node.value === null ? undefined : node.value === 'pro';
    case 'date':
      if (node.atMs === undefined) return undefined;
      return node.next
        ? node.atMs >= nowMs && node.atMs < nowMs + node.windowMs
        : node.atMs > nowMs - node.windowMs && node.atMs <= nowMs;
    case 'segment':
      return node.member;
    case 'sequence': {
      const { addedMs, orderedMs } = node;
      if (addedMs === undefined || addedMs <= nowMs - WINDOW_MS || addedMs + ABSENCE_MS > nowMs) return false;
      return orderedMs === undefined || orderedMs < addedMs || orderedMs >= addedMs + ABSENCE_MS;
    }
  }
}

function leavesOf(explanation: Explanation): readonly Explanation[] {
  return explanation.children.length === 0 ? [explanation] : explanation.children.flatMap(leavesOf);
}

function nodesOf(explanation: Explanation): readonly Explanation[] {
  return [explanation, ...explanation.children.flatMap(nodesOf)];
}

/** The leaf with the fact turned round: what makes it true, or false. */
function turned(leaf: Tree, to: boolean, nowMs: number): Tree {
  switch (leaf.kind) {
    case 'event':
      return { ...leaf, count: to ? leaf.atLeast : leaf.atLeast - 1 };
    case 'trait':
      return { ...leaf, value: to ? 'pro' : 'free' };
    case 'date':
      return { ...leaf, atMs: to ? nowMs : nowMs + 1_000 };
    case 'segment':
      return { ...leaf, member: to };
    case 'sequence':
      return { ...leaf, addedMs: to ? nowMs - ABSENCE_MS : undefined, orderedMs: undefined };
    default:
      throw new Error('no leaf');
  }
}

/** The tree with the leaves at these places turned so as to lead to `target`. */
function flipped(node: Tree, place: string, target: boolean, places: ReadonlySet<string>, nowMs: number): Tree {
  switch (node.kind) {
    case 'all':
    case 'any':
      return {
        ...node,
        children: node.children.map((child, i) => flipped(child, `${place}.${node.kind}[${String(i)}]`, target, places, nowMs)),
      };
    case 'not':
      return { ...node, child: flipped(node.child, `${place}.not`, !target, places, nowMs) };
    default:
      return places.has(place) ? turned(node, target, nowMs) : node;
  }
}

const worlds = fc.record({
  root: tree,
  nowMs: fc.integer({ min: 0, max: END_MS }),
  unknown: fc.constantFrom('exclude' as const, 'include' as const),
});

describe('a compiled condition', () => {
  test('has the verdict of the tables of three-valued logic, and holds it until the moment that it names', () => {
    fc.assert(
      fc.property(worlds, ({ root, unknown }) => {
        const { segment: subject, known } = caseOf(root, unknown);
        const view = viewOf(known);
        const truth = Array.from({ length: END_MS }, (_, nowMs) => naive(root, nowMs));
        const evaluations = truth.map((_, nowMs) => ({ ...subject.evaluate(view, nowMs) }));
        expect(evaluations.map(({ verdict }) => verdict)).toEqual(truth);
        const broken = evaluations.flatMap(({ verdict, nextChangeMs }, nowMs) => {
          const change = truth.findIndex((one, later) => later > nowMs && one !== verdict);
          return nextChangeMs <= nowMs || (change >= 0 && change < nextChangeMs) ? [{ nowMs, nextChangeMs, change }] : [];
        });
        expect(broken).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test('explains itself with the same verdicts, part by part', () => {
    fc.assert(
      fc.property(worlds, ({ root, nowMs, unknown }) => {
        const { segment: subject, known, leaves } = caseOf(root, unknown);
        const view = viewOf(known);
        const explanation = subject.explain(view, nowMs);
        const { verdict, nextChangeMs } = subject.evaluate(view, nowMs);
        expect(explanation.verdict).toBe(String(verdict ?? 'unknown'));
        expect(explanation.nextChange).toBe(nextChangeMs === Infinity ? undefined : new Date(nextChangeMs).toISOString());
        const found = leavesOf(explanation).map((leaf) => [leaf.place, leaf.verdict]);
        expect(found).toEqual([...leaves].map(([place, leaf]) => [place, String(naive(leaf, nowMs) ?? 'unknown')]));
        for (const node of nodesOf(explanation))
          expect(JSON.parse(JSON.stringify(node))).toMatchObject({ place: node.place, condition: node.condition });
      }),
      { numRuns: 300 },
    );
  });

  test('names a smallest set of facts: turning all of them turns the membership, turning all but one does not', () => {
    fc.assert(
      fc.property(worlds, ({ root, nowMs, unknown }) => {
        const { segment: subject, known } = caseOf(root, unknown);
        const member = (verdict: Verdict): boolean => verdict ?? unknown === 'include';
        const present = member(subject.evaluate(viewOf(known), nowMs).verdict);
        const decisive = leavesOf(subject.explain(viewOf(known), nowMs)).flatMap((leaf) => (leaf.decisive ? [leaf.place] : []));
        const memberWith = (places: readonly string[]): boolean => {
          const other = caseOf(flipped(root, 'spec.when', !present, new Set(places), nowMs), unknown);
          return member(other.segment.evaluate(viewOf(other.known), nowMs).verdict);
        };
        expect(decisive.length).toBeGreaterThan(0);
        expect(memberWith(decisive)).toBe(!present);
        for (const place of decisive) expect(memberWith(decisive.filter((each) => each !== place))).toBe(present);
      }),
      { numRuns: 300 },
    );
  });

  test('is told in one sentence, whatever it is', () => {
    fc.assert(
      fc.property(worlds, fc.boolean(), ({ root, nowMs, unknown }, member) => {
        const { segment: subject, known } = caseOf(root, unknown);
        const sentence = subject.sentence(viewOf(known), nowMs, member);
        expect(sentence).toMatch(/^(In|Not in|Still in|Not yet in) subject (because|although) .+\.$/s);
        expect(sentence).not.toMatch(/undefined|\[object|NaN/);
        const { nextChange } = subject.explain(viewOf(known), nowMs);
        expect(sentence.includes('can change on')).toBe(nextChange !== undefined);
      }),
      { numRuns: 300 },
    );
  });
});

describe('a value condition', () => {
  const count = one({ event: 'A', count: { gte: 3 }, within: '24h' });
  const [slot = ''] = count.slots;

  test('counts no events as 0, and has no allocation to spare where time changes nothing', () => {
    const absent = one({ event: 'A', count: { lte: 0 } });
    expect(absent.evaluate(viewOf({}), 0)).toEqual({ verdict: true, nextChangeMs: Infinity });
    expect(count.evaluate(viewOf({}), 0)).toBe(count.evaluate(viewOf({ partials: { [slot]: { n: 2 } } }), 9));
  });

  test.each([
    ['sum', { of: 'properties.x', lte: 0 }, true],
    ['distinct', { of: 'properties.x', eq: 0 }, true],
    ['min', { of: 'properties.x', lt: 5 }, undefined],
    ['max', { of: 'properties.x', gt: 5 }, undefined],
    ['mean', { of: 'properties.x', gt: 5 }, undefined],
    ['first', { of: 'properties.x', eq: 'a' }, undefined],
    ['last', { of: 'properties.x', ne: 'a' }, undefined],
    ['last', { of: 'properties.x', exists: false }, true],
  ])('over no events %s %j is %p', (aggregate, test_, verdict) => {
    expect(one({ event: 'A', [aggregate]: test_ }).evaluate(viewOf({}), 0).verdict).toBe(verdict);
  });

  test('wants every aggregate that is given', () => {
    const both = one({
      event: 'A',
      count: { gte: 2 },
      sum: { of: 'properties.x', gte: 10 },
      mean: { of: 'properties.x', lt: 9 },
    });
    const [n = '', mean = '', sum = ''] = both.slots;
    const verdict = (count_: number, total: number): Verdict =>
      both.evaluate(
        viewOf({ partials: { [n]: { n: count_ }, [sum]: { s: [total, 0], n: count_ }, [mean]: { s: [total, 0], n: count_ } } }),
        0,
      ).verdict;
    expect([verdict(2, 10), verdict(1, 10), verdict(2, 9), verdict(2, 18)]).toEqual([true, false, false, false]);
  });

  test('reads a path inside a trait, and takes null for missing', () => {
    const country = one({ trait: 'address.country', ne: 'US' });
    expect(country.traits).toEqual(['address']);
    const verdict = (address: unknown): Verdict => country.evaluate(viewOf({ traits: { address } }), 0).verdict;
    expect([{ country: 'CA' }, { country: 'US' }, { country: null }, {}, 'CA', null, undefined].map(verdict)).toEqual([
      true,
      false,
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('reads a feature as what it is: a slot shared with the condition that asks the same, or a trait', () => {
    const set = compiled(
      segment('a', { event: 'A', sum: { of: 'properties.x', gt: 5 }, within: '1d' }),
      segment('b', { feature: 'spent', gt: 5 }),
      segment('c', { feature: 'plan', eq: 'pro' }),
      feature('spent', { event: 'A', within: '24h', sum: { of: 'properties.x' } }),
      feature('plan', { trait: 'account.plan' }),
    );
    expect(set.plan.slots).toHaveLength(1);
    const view = viewOf({
      partials: { [set.plan.slots[0]?.id ?? '']: { s: [55, 1], n: 1 } },
      traits: { account: { plan: 'pro' } },
    });
    expect(set.segments.map(({ name, evaluate }) => [name, evaluate(view, 0).verdict])).toEqual([
      ['a', true],
      ['b', true],
      ['c', true],
    ]);
  });
});

describe('a sentence', () => {
  const nowMs = Date.parse('2026-01-05T09:00:00Z');

  test('names what was counted, what was wanted, and when and by what it can change', () => {
    const subject = one({ event: 'Product Viewed', count: { gte: 3 }, within: '24h' });
    const view = viewOf({ partials: { [subject.slots[0] ?? '']: { n: 3, u: nowMs + 1_800_000 } } });
    expect(subject.sentence(view, nowMs, true)).toBe(
      'In subject because Product Viewed happened 3 times (at least 3) in 1d; can change on 2026-01-05T09:30:00.000Z when an event of Product Viewed leaves the last 1d.',
    );
    expect(subject.explain(view, nowMs)).toEqual({
      place: 'spec.when',
      kind: 'event',
      verdict: 'true',
      condition: 'Product Viewed happened at least 3 times in 1d',
      found: 3,
      wanted: { gte: 3 },
      decisive: true,
      nextChange: '2026-01-05T09:30:00.000Z',
      approximate: false,
      children: [],
    });
  });

  test('tells how far a sequence has come, and what it waits for', () => {
    const subject = one({
      sequence: [{ event: 'Product Added' }, { not: { event: 'Order Completed' }, within: '30m' }],
      within: '7d',
    });
    const [slot = ''] = subject.slots;
    const added = viewOf({ partials: { [slot]: { e: [[nowMs - 60_000, 'm1', 1]], u: nowMs + 604_740_000 } } });
    expect(subject.sentence(added, nowMs, false)).toBe(
      'Not in subject because Product Added (2026-01-05T08:59:00.000Z), but not then no Order Completed for 30m; can change on 2026-01-05T09:29:00.000Z when 30m have passed without Order Completed.',
    );
    const later = nowMs + 3_600_000;
    expect(subject.sentence(added, later, true)).toBe(
      'In subject because Product Added (2026-01-05T08:59:00.000Z), then no Order Completed for 30m (2026-01-05T09:29:00.000Z); can change on 2026-01-12T08:59:00.000Z when Product Added leaves the last 7d.',
    );
    expect(subject.explain(added, later)).toMatchObject({
      kind: 'sequence',
      found: { steps: 2, of: 2 },
      wanted: { steps: 2 },
      approximate: false,
    });
    expect(subject.explain(viewOf({ partials: { [slot]: { e: [[nowMs, 'm1', 2]], a: true } } }), later)).toMatchObject({
      verdict: 'false',
      approximate: true,
    });
  });

  test('says that a value is missing, and that stability holds the membership back', () => {
    const subject = one({ all: [{ trait: 'plan', eq: 'pro' }, { event: 'A' }] });
    const view = viewOf({ partials: { [subject.slots[0] ?? '']: { n: 1 } } });
    expect(subject.sentence(view, nowMs, false)).toBe("Not in subject because trait plan is missing (unknown whether 'pro').");
    expect(subject.sentence(view, nowMs, true)).toMatch(/^Still in subject although .*\.$/);
  });
});
