// Runs a scenario against a host: the pure core, or a whole system with virtual time. The file is the same, and so are the answers.
import { formatInstant } from '@tessera/time';
import type { SegmentChange } from '@tessera/contracts';
import type { DefinitionDocument } from '@tessera/segments';
import { canonicalText } from '../simulator/canonical-text.js';
import type { LoadedAction, LoadedScenario, LoadedStep } from './load-scenarios.js';
import { ScenarioError, type Expectation, type ExpectedChange, type ExpectedSlot, type PersonRef } from './scenario.js';

export interface ToldChange extends Pick<SegmentChange, 'segment' | 'kind' | 'reason'> {
  readonly atMs: number;
}

export interface DecidedSlotAnswer {
  readonly slot: string;
  readonly content: string;
  readonly status: string;
  readonly reason: string;
  readonly payload: unknown;
}

/** What a scenario needs of a system. Every call returns when the system has come to rest at the present moment. */
export interface ScenarioHost {
  readonly nowMs: number;
  advanceTo(ms: number): Promise<void>;
  /** Applies these documents in place of those in force, and waits until they are active. */
  apply(definitions: readonly DefinitionDocument[]): Promise<void>;
  /** Tracking calls, as a client would send them; rejects when one is refused. */
  send(calls: readonly Readonly<Record<string, unknown>>[]): Promise<void>;
  unlink(a: PersonRef, b: PersonRef): Promise<void>;
  profileOf(person: PersonRef): Promise<string>;
  /** Of every segment that is defined. */
  memberships(person: PersonRef): Promise<ReadonlyMap<string, boolean>>;
  /** Of every Feature that is defined; null where it is unknown. */
  features(person: PersonRef): Promise<ReadonlyMap<string, unknown>>;
  /** Values by path; what leads nowhere is left out. */
  traits(person: PersonRef, paths: readonly string[]): Promise<Readonly<Record<string, unknown>>>;
  /** The present answer by purpose. */
  consent(person: PersonRef): Promise<Readonly<Record<string, boolean>>>;
  /** All changes of a profile so far, repeated records counted once. */
  changesOf(profile: string): Promise<readonly ToldChange[]>;
  decide(
    person: PersonRef,
    slots: readonly string[],
    context: Readonly<Record<string, unknown>>,
  ): Promise<readonly DecidedSlotAnswer[]>;
}

export interface Failure {
  readonly place: string;
  readonly expected: string;
  readonly found: string;
}

export interface ScenarioOutcome {
  readonly scenario: string;
  readonly failures: readonly Failure[];
  /** Expectations that were checked. */
  readonly checked: number;
}

/** Runs to the end, except for what the host refuses: that is a failure, and what follows would mean nothing. */
export async function runScenario({ name, definitions, steps }: LoadedScenario, host: ScenarioHost): Promise<ScenarioOutcome> {
  const run = new Run(host);
  let place = 'definitions';
  try {
    if (definitions.length > 0) await host.apply(definitions);
    for (const step of steps) {
      place = step.place;
      await run.step(step);
    }
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    run.fail(place, 'to be accepted', error.message);
  }
  return { scenario: name, failures: run.failures, checked: run.checked };
}

class Run {
  readonly failures: Failure[] = [];
  checked = 0;
  /** Changes already expected, per profile. */
  private readonly told = new Map<string, number>();

  constructor(private readonly host: ScenarioHost) {}

  fail(place: string, expected: string, found: string): void {
    this.failures.push({ place, expected, found });
  }

  async step({ place, advanceMs, atMs, actions }: LoadedStep): Promise<void> {
    const { host } = this;
    if (advanceMs !== undefined) await host.advanceTo(host.nowMs + advanceMs);
    if (atMs !== undefined) {
      if (atMs < host.nowMs)
        throw new ScenarioError(`${formatInstant(atMs)} lies before the present moment, ${formatInstant(host.nowMs)}`);
      await host.advanceTo(atMs);
    }
    for (const action of actions) await this.act(action, place);
  }

  private async act(action: LoadedAction, place: string): Promise<void> {
    const { host } = this;
    switch (action.kind) {
      case 'apply':
        return host.apply(action.definitions);
      case 'send':
        return host.send(action.calls);
      case 'unlink':
        return host.unlink(action.a, action.b);
      case 'expect':
        return this.expect(action.expect, `${place}.expect`);
      case 'decide':
        return this.decide(action, place);
    }
  }

  private async expect(expectation: Expectation, place: string): Promise<void> {
    const { host } = this;
    const { person, segments, features, traits, consent, sameProfileAs, otherProfileThan, changes } = expectation;
    const profile = await host.profileOf(person);
    if (segments) this.equalEach(`${place}.segments`, segments, await host.memberships(person), 'no such segment');
    if (features) this.equalEach(`${place}.features`, features, await host.features(person), 'no such feature');
    if (traits) {
      const found = await host.traits(person, Object.keys(traits));
      for (const [path, want] of Object.entries(traits)) this.equal(`${place}.traits.${path}`, want, found[path] ?? null);
    }
    if (consent) this.equal(`${place}.consent`, consent, await host.consent(person));
    if (sameProfileAs) this.equal(`${place}.same-profile-as`, await host.profileOf(sameProfileAs), profile);
    if (otherProfileThan) this.equal(`${place}.other-profile-than`, true, (await host.profileOf(otherProfileThan)) !== profile);
    if (changes) await this.expectChanges(profile, changes, `${place}.changes`);
  }

  /** The whole list since the start or the last expectation of changes. */
  private async expectChanges(profile: string, want: readonly ExpectedChange[], place: string): Promise<void> {
    const all = await this.host.changesOf(profile);
    const since = all.slice(this.told.get(profile) ?? 0);
    this.told.set(profile, all.length);
    const found = since.map((change, i) => describeChange(change, want[i]));
    this.equal(
      place,
      want.map((change) => describeChange(change, change)),
      found,
    );
  }

  private async decide(action: LoadedAction & { kind: 'decide' }, place: string): Promise<void> {
    const answers = await this.host.decide(action.person, action.slots, action.context);
    for (const [slot, want] of Object.entries(action.expect)) {
      const answer = answers.find((one) => one.slot === slot);
      for (const key of Object.keys(want) as (keyof ExpectedSlot)[])
        this.equal(`${place}.expect.${slot}.${key}`, want[key], answer?.[key]);
    }
  }

  private equalEach(
    place: string,
    want: Readonly<Record<string, unknown>>,
    found: ReadonlyMap<string, unknown>,
    none: string,
  ): void {
    for (const [name, value] of Object.entries(want))
      this.equal(`${place}.${name}`, value, found.has(name) ? found.get(name) : none);
  }

  private equal(place: string, want: unknown, found: unknown): void {
    this.checked += 1;
    if (canonicalText(want) !== canonicalText(found)) this.fail(place, show(want), show(found));
  }
}

/** Says of a change what the expectation asks for. */
function describeChange(change: ToldChange | ExpectedChange, asked: ExpectedChange | undefined): Record<string, unknown> {
  return {
    segment: change.segment,
    kind: change.kind,
    ...(asked?.atMs === undefined && asked !== undefined
      ? {}
      : { at: change.atMs === undefined ? null : formatInstant(change.atMs) }),
    ...(asked?.reason === undefined ? {} : { reason: change.reason ?? null }),
  };
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'nothing';
}
