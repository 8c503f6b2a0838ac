// Memberships of one profile, recomputed without any of the stage's devices: every segment is evaluated at every millisecond and
// after every record, over values recounted from the lists of events. It shares the rules with the stage, and nothing else.
import type { TraitValue } from '@tessera/contracts';
import type { CountPartial, Partial_, ValuePartial } from '@tessera/features';
import type { CompiledSet, ProfileView } from '../../src/compiled.js';
import { partialsOf, type ModelFragment } from './fragments-model.js';

export interface NaiveChange {
  readonly segment: string;
  readonly kind: string;
  readonly enteredAt: number;
}

export interface NaiveRecord {
  readonly effective: number;
  readonly changes: readonly NaiveChange[];
}

interface Member {
  member: boolean;
  entered: number;
  since: number;
}

interface Known {
  readonly partials: Readonly<Record<string, CountPartial | ValuePartial>>;
  readonly traits: Readonly<Record<string, TraitValue>>;
}

export class NaiveProfile {
  readonly records: NaiveRecord[] = [];
  readonly members = new Map<string, Member>();
  private readonly known = new Map<string, Known>();
  private nowMs = 0;

  constructor(private set: CompiledSet) {}

  /** A record of one fragment of this profile was applied. */
  told(fragment: ModelFragment, nowMs: number): void {
    this.advanceTo(nowMs);
    this.known.set(fragment.id, { partials: partialsOf(fragment, nowMs), traits: { ...fragment.traits } });
    this.pass(nowMs, false);
  }

  left(fragment: ModelFragment, nowMs: number): void {
    this.advanceTo(nowMs);
    this.known.delete(fragment.id);
    if (this.known.size > 0) this.pass(nowMs, false);
    else this.end(nowMs);
  }

  switchTo(set: CompiledSet, nowMs: number): void {
    this.advanceTo(nowMs);
    this.set = set;
    if (this.known.size === 0) return;
    const names = set.segments.map(({ name }) => name);
    const gone = [...this.members].filter(([name]) => !names.includes(name));
    for (const [name] of gone) this.members.delete(name);
    const exits = gone
      .filter(([, { member }]) => member)
      .map(([segment, { entered }]) => ({ segment, kind: 'exited', enteredAt: entered }));
    exits.sort((a, b) => (a.segment < b.segment ? -1 : 1));
    this.pass(nowMs, false, exits);
  }

  advanceTo(nowMs: number): void {
    if (this.known.size > 0) for (let ms = this.nowMs + 1; ms <= nowMs; ms++) this.pass(ms, true);
    this.nowMs = nowMs;
  }

  private pass(nowMs: number, settles: boolean, exits: readonly NaiveChange[] = []): void {
    const before = new Map([...this.members].map(([name, { member, entered }]) => [name, { member, entered }]));
    for (const segment of this.set.segments) {
      const state = this.members.get(segment.name) ?? { member: false, entered: 0, since: Infinity };
      this.members.set(segment.name, state);
      const duration = (): number => (state.member ? segment.stability.exitAfterMs : segment.stability.enterAfterMs);
      if (settles && nowMs >= state.since + duration()) turn(state, nowMs);
      const verdict = segment.evaluate(this.view(), nowMs).verdict ?? segment.unknown === 'include';
      if (verdict === state.member) state.since = Infinity;
      else if (state.since === Infinity) state.since = nowMs;
      if (nowMs >= state.since + duration()) turn(state, nowMs);
    }
    this.note(nowMs, before, exits);
  }

  private end(nowMs: number): void {
    const changes = [...this.members]
      .filter(([, { member }]) => member)
      .map(([segment, { entered }]) => ({ segment, kind: 'exited', enteredAt: entered }));
    this.members.clear();
    if (changes.length > 0)
      this.records.push({ effective: nowMs, changes: changes.sort((a, b) => (a.segment < b.segment ? -1 : 1)) });
  }

  private note(
    nowMs: number,
    before: ReadonlyMap<string, { member: boolean; entered: number }>,
    exits: readonly NaiveChange[],
  ): void {
    const changes = [...exits];
    for (const { name } of this.set.segments) {
      const was = before.get(name) ?? { member: false, entered: 0 };
      const is = this.members.get(name) as Member;
      if (was.member === is.member && was.entered === is.entered) continue;
      const kind = was.member === is.member ? 'updated' : is.member ? 'entered' : 'exited';
      changes.push({ segment: name, kind, enteredAt: is.member ? is.entered : was.entered });
    }
    if (changes.length > 0) this.records.push({ effective: nowMs, changes });
  }

  private view(): ProfileView {
    const all = [...this.known.values()];
    return {
      value: () => {
        throw new Error('the rules made by hand read partials');
      },
      partial: (slotId) => {
        const found = all.map(({ partials }) => partials[slotId]).filter((partial) => partial !== undefined);
        if (found.length === 0) return undefined;
        if (slotId === 'lastA')
          return found.reduce((a, b) => ((b as ValuePartial).t > (a as ValuePartial).t ? b : a)) as Partial_;
        return { n: found.reduce((sum, partial) => sum + (partial as CountPartial).n, 0) };
      },
      trait: (name) => {
        const found = all.map(({ traits }) => traits[name]).filter((trait) => trait !== undefined);
        return found.sort((a, b) => b.timeMs - a.timeMs || (a.messageId > b.messageId ? -1 : 1))[0]?.value as unknown;
      },
      member: (segment) => this.members.get(segment)?.member === true,
    };
  }
}

function turn(state: Member, nowMs: number): void {
  state.member = !state.member;
  state.entered = state.member ? nowMs : 0;
  state.since = Infinity;
}
