// The steps that change a profile's document: time, an update, a departure, another definition set.
// S1 The same steps run live and on the shadow of a fold; only who listens differs.
// S2 Effective time never goes back: what is told late takes effect when it is told.
// S3 Each moment is one pass; timers run one due time after another, before anything of that moment is applied.
import type { SegmentChange } from '@tessera/contracts';
import { invariant } from '@tessera/runtime';
import type { ActiveSet } from './activation.js';
import { EvaluationPass, type ChangeReason } from './evaluation-pass.js';
import { removeFragment, storeUpdate, type FragmentUpdate } from './fragment-update.js';
import { beginPending } from './path-pending.js';
import { align, membersOf, reschedule, type Fragment, type ProfileDocument } from './profile-document.js';
import type { SetIndex } from './set-index.js';
import { dropSlots } from './slot-keeping.js';

/** Told of each pass, right after it. */
export interface Listener {
  passed(document: ProfileDocument, pass: EvaluationPass): void;
}

/** Why an update or a departure is applied. */
export interface Circumstance {
  readonly reason: ChangeReason;
  readonly mergedFrom: string | undefined;
  readonly mergedInto: string | undefined;
  /** The set that the fragment's source has announced beyond the active one; 0 for none. */
  readonly ahead: number;
  /** Offset of this record where it makes the path pending (an un-merge), or moves the basis of the fold; else -1. */
  readonly basis: number;
}

export class ProfileSteps {
  private readonly pass: EvaluationPass;

  constructor(
    private readonly listener: Listener,
    quiet: boolean,
  ) {
    this.pass = new EvaluationPass(quiet);
  }

  /** Fires every timer due at or before `untilMs`. */
  fire(document: ProfileDocument, index: SetIndex, untilMs: number): void {
    while (document.dueMs <= untilMs) {
      const due = document.dueMs;
      document.effectiveMs = Math.max(document.effectiveMs, due);
      this.pass.begin(document, index, 'expiry');
      this.pass.touchDue(due);
      this.pass.run(document.effectiveMs);
      this.listener.passed(document, this.pass);
      invariant(document.dueMs > due, `timers of ${document.key} at ${String(due)} come back at the same moment`);
    }
  }

  /** Puts the document under another set: what is gone exits, the rest keeps its path and is evaluated anew. */
  switchTo(
    document: ProfileDocument,
    { set, hash, effectiveMs }: ActiveSet,
    index: SetIndex,
    previous: SetIndex | undefined,
  ): void {
    if (previous !== undefined) this.fire(document, previous, effectiveMs);
    document.set = set;
    document.hash = hash;
    document.effectiveMs = Math.max(document.effectiveMs, effectiveMs);
    const gone = align(document, index);
    dropSlots(document, index, set);
    this.pass.begin(document, index, 'definitions');
    this.pass.touchAll();
    for (const name of [...gone.keys()].sort()) this.pass.add(name, 'exited', 'definitions', gone.get(name) as number);
    reschedule(document);
    this.pass.run(document.effectiveMs);
    this.listener.passed(document, this.pass);
  }

  /** Applies a newer update of a fragment. `index` is that of the active set, if there is one. */
  update(
    document: ProfileDocument,
    update: FragmentUpdate,
    atMs: number,
    active: ActiveSet | undefined,
    index: SetIndex | undefined,
    why: Circumstance,
  ): void {
    const { pass } = this;
    const first = document.fragments.length === 0;
    if (atMs > document.effectiveMs) document.effectiveMs = atMs;
    if (active === undefined || index === undefined) {
      storeUpdate(document, update, undefined, pass, why.ahead);
      return;
    }
    if (first) {
      document.set = active.set;
      document.hash = active.hash;
      document.effectiveMs = Math.max(document.effectiveMs, active.effectiveMs);
    }
    pass.begin(document, index, why.reason, why.mergedFrom);
    if (first) pass.touchAll();
    storeUpdate(document, update, index, pass, why.ahead);
    this.runAndTell(document, index, why);
  }

  /** Takes out a fragment; with the last one the profile empties. */
  leave(document: ProfileDocument, fragment: Fragment, atMs: number, index: SetIndex | undefined, why: Circumstance): void {
    document.effectiveMs = Math.max(document.effectiveMs, atMs);
    if (document.fragments.length === 1) {
      this.empty(document, fragment, index, why);
      return;
    }
    if (index !== undefined) this.pass.begin(document, index, why.reason);
    removeFragment(document, fragment, index, this.pass);
    if (index !== undefined) this.runAndTell(document, index, why);
  }

  /** Evaluates all segments at the document's present moment; nobody is told. */
  evaluateAll(document: ProfileDocument, index: SetIndex): void {
    this.pass.begin(document, index, 'restored');
    this.pass.touchAll();
    this.pass.run(document.effectiveMs);
  }

  private runAndTell(document: ProfileDocument, index: SetIndex, why: Circumstance): void {
    const { pass } = this;
    const wasPending = document.pending !== undefined;
    if (why.basis >= 0) {
      beginPending(document, why.basis);
      pass.touchAll();
    }
    pass.run(document.effectiveMs);
    if (document.pending !== undefined && !wasPending) this.tellStaying(document, index, why.reason);
    this.listener.passed(document, pass);
  }

  /** Members that stay are told that their path is pending. */
  private tellStaying(document: ProfileDocument, index: SetIndex, reason: ChangeReason): void {
    const told = new Set(this.pass.changes.map((change: SegmentChange) => change.segment));
    for (const [i, name] of index.names.entries()) {
      const enteredAtMs = document.entered[i] as number;
      if (enteredAtMs !== Infinity && !told.has(name)) this.pass.add(name, 'updated', reason, enteredAtMs);
    }
  }

  /** Nobody is left: all memberships end and the document becomes a tombstone. */
  private empty(document: ProfileDocument, fragment: Fragment, index: SetIndex | undefined, why: Circumstance): void {
    const members = membersOf(document);
    removeFragment(document, fragment, undefined, this.pass);
    document.pending = undefined;
    document.entered = [];
    document.timers = undefined;
    document.names = [];
    document.dueMs = Infinity;
    if (index === undefined) return;
    this.pass.begin(document, index, why.reason);
    this.pass.publishes = true;
    for (const { segment, enteredAtMs } of members) this.pass.add(segment, 'exited', why.reason, enteredAtMs, why.mergedInto);
    this.listener.passed(document, this.pass);
    document.set = 0;
    document.hash = '';
  }
}
