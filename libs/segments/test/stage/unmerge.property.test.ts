import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { pathOf } from '../../src/profile-document.js';
import { Driver, heldBy } from './driver.js';
import { FragmentsModel } from './fragments-model.js';
import { LATER_RULES, setOf, SLOTS, WITHOUT_PATH } from './hand-made-set.js';
import { happen, happening } from './runs.js';

const SETS = [setOf(1), setOf(2, LATER_RULES, SLOTS.slice(0, 2)), setOf(3)] as const;
const HOMES = ['p1', 'p1', 'p2', 'p3'];
const PAIRS = [
  ['p1', 'p2'],
  ['p2', 'p3'],
  ['p1', 'p3'],
] as const;

/** Merges and job runs are left out of the world in which the links never were. */
type Step =
  | { readonly step: 'happen'; readonly happening: Parameters<typeof happen>[1] }
  | { readonly step: 'link' | 'unlink'; readonly pair: number; readonly afterMs: number }
  | { readonly step: 'fold' }
  | { readonly step: 'activate' }
  | { readonly step: 'deliver' };

// One thing happens per millisecond: what two fragments tell in the same one has no order that both worlds share.
const happens = happening.map((each): Step => ({ step: 'happen', happening: { ...each, afterMs: each.afterMs + 1 } }));
const pair = { pair: fc.nat(2), afterMs: fc.integer({ min: 1, max: 9 }) };
const links = fc.record({ step: fc.constant('link' as const), ...pair });
const unlinks = fc.record({ step: fc.constant('unlink' as const), ...pair });
const folds = fc.constantFrom<Step>({ step: 'fold' }, { step: 'deliver' });
const activations = fc.constant<Step>({ step: 'activate' });
const before = fc.array(
  fc.oneof({ weight: 4, arbitrary: happens }, { weight: 2, arbitrary: links }, { weight: 1, arbitrary: activations }),
  { maxLength: 30 },
);
const after = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: happens },
    { weight: 1, arbitrary: links },
    { weight: 2, arbitrary: unlinks },
    { weight: 2, arbitrary: folds },
  ),
  { maxLength: 40 },
);

/** Timers of an event run while it belongs to the merged profile, past what is told after it has left. */
const OUTLIVED_BY_TIMERS: [Step[], Step[], boolean, number, number] = [
  [
    { step: 'link', pair: 0, afterMs: 1 },
    { step: 'happen', happening: { what: 'a', who: 6, afterMs: 1 } },
  ],
  [{ step: 'fold' }, { step: 'fold' }, { step: 'happen', happening: { what: 'a', who: 0, afterMs: 1 } }],
  false,
  1,
  12,
];

class World {
  readonly driver: Driver;
  readonly model: FragmentsModel;
  private readonly links = new Set<number>();
  private set = 1;
  private owed: Awaited<ReturnType<Driver['prepareJobs']>> = [];

  constructor(
    private readonly merges: boolean,
    evict: boolean,
    partitions: number,
    lagMs: number,
  ) {
    this.driver = new Driver({ sets: SETS, partitions, evict });
    this.model = new FragmentsModel(this.driver, HOMES);
    this.model.lagMs = lagMs;
    this.driver.activate(SETS[0], 990);
    // A fragment begins with something that it tells: one that never spoke is nobody's.
    for (const fragment of this.model.fragments) this.model.trait(fragment, 'locale', 'en');
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      if (each.step === 'happen') happen(this.model, each.happening);
      else if (each.step === 'fold') {
        this.driver.deliver(this.owed, this.model.stampMs);
        this.owed = await this.driver.prepareJobs();
      } else if (each.step === 'activate') this.activate();
      else if (each.step === 'deliver') {
        this.driver.deliver(this.owed, this.model.stampMs);
        this.owed = [];
      } else {
        this.model.advance(each.afterMs);
        if (each.step === 'link') this.links.add(each.pair);
        else this.links.delete(each.pair);
        this.settle(each.step === 'link' ? 'moved' : 'unlinked');
      }
    }
  }

  private activate(): void {
    const set = SETS[this.set];
    this.model.advance(1);
    if (set === undefined) return;
    this.set += 1;
    this.model.publish(set.plan.slots.map(({ id }) => id));
    this.model.advance(1);
    this.driver.activate(set, this.model.stampMs);
  }

  unlinkAll(): void {
    this.model.advance(1);
    this.links.clear();
    this.settle('unlinked');
  }

  /** Each fragment goes to the least home of its component. */
  private settle(reason: 'moved' | 'unlinked'): void {
    if (!this.merges) return;
    const profiles = new Map(HOMES.map((home) => [home, home]));
    for (let round = 0; round < PAIRS.length; round++) {
      for (const [i, [a, b]] of PAIRS.entries()) {
        if (!this.links.has(i)) continue;
        const least = [profiles.get(a) as string, profiles.get(b) as string].sort()[0] as string;
        profiles.set(a, least).set(b, least);
      }
    }
    for (const fragment of this.model.fragments) this.model.move(fragment, profiles.get(fragment.home) as string, reason);
  }

  async finish(): Promise<void> {
    this.driver.deliver(this.owed, this.model.stampMs);
    while ((await this.driver.runJobs(this.model.stampMs)) > 0);
  }

  values(): unknown {
    return this.of((profile) => ({
      fragments: Object.fromEntries(
        this.driver.document(profile).fragments.map(({ id, traits, consent }, i) => [
          id,
          {
            partials: heldBy(this.driver.document(profile))[i],
            traits: Object.fromEntries(traits ?? []),
            consent: Object.fromEntries(consent ?? []),
          },
        ]),
      ),
      members: Object.fromEntries(
        WITHOUT_PATH.map((name) => [name, pathOf(this.driver.document(profile), name)?.member === true]),
      ),
    }));
  }

  paths(): unknown {
    return this.of((profile) => {
      const document = this.driver.document(profile);
      const paths = document.names
        .map((name) => [name, pathOf(document, name)] as const)
        .filter(([, path]) => path !== undefined);
      return {
        pending: document.pending,
        dueMs: document.dueMs,
        paths: Object.fromEntries(paths),
      };
    });
  }

  private of(read: (profile: string) => unknown): unknown {
    return Object.fromEntries([...new Set(HOMES)].map((profile) => [profile, read(profile)]));
  }
}

describe('merge, more events, un-merge', () => {
  test('equals the world in which the link never was: values and value memberships at once, path state when it is restored', async () => {
    await fc.assert(
      fc.asyncProperty(
        before,
        after,
        fc.boolean(),
        fc.constantFrom(1, 3),
        fc.constantFrom(0, 3, 12),
        async (first, second, evict, partitions, lagMs) => {
          const merged = new World(true, evict, partitions, lagMs);
          const never = new World(false, false, partitions, lagMs);
          for (const world of [merged, never]) {
            await world.play(first);
            world.unlinkAll();
          }
          expect(merged.values()).toEqual(never.values());
          for (const world of [merged, never]) {
            await world.play(second);
            world.unlinkAll();
          }
          expect(merged.values()).toEqual(never.values());
          await merged.finish();
          expect(merged.paths()).toEqual(never.paths());
          for (const world of [merged, never]) world.model.advance(40);
          expect(merged.paths()).toEqual(never.paths());
        },
      ),
      { numRuns: 150, examples: [OUTLIVED_BY_TIMERS] },
    );
  });

  test('changes nothing when any of its records comes again, also those of fragments that have left', async () => {
    await fc.assert(
      fc.asyncProperty(before, fc.boolean(), async (steps, finished) => {
        const { driver, model, ...world } = await played(steps, finished);
        const emitted = driver.emitted.length;
        for (const [partition, { log }] of driver.partitions.entries()) {
          for (const { key, value } of [...log]) {
            if (value?.kind !== 'fragmentChanged' && value?.kind !== 'fragmentDetached' && value?.kind !== 'pathRestored')
              continue;
            const reason = value.kind === 'pathRestored' ? 'stale-basis' : 'stale-version';
            expect(driver.append(partition, key, value, model.stampMs)).toEqual({ kind: 'drop', reason });
          }
        }
        expect(driver.emitted).toHaveLength(emitted);
        expect(world.after()).toEqual(world.before);
      }),
      { numRuns: 60 },
    );
  });
});

async function played(steps: readonly Step[], finished: boolean) {
  const world = new World(true, false, 2, 0);
  await world.play(steps);
  if (finished) world.unlinkAll();
  await world.finish();
  return {
    driver: world.driver,
    model: world.model,
    before: [world.values(), world.paths()],
    after: () => [world.values(), world.paths()],
  };
}
