// One pass of evaluation over a profile at one moment: only what was touched, dependencies before dependants.
// E1 A segment is evaluated when a slot, a trait or a membership that it reads was touched, when its own time came, or when
//    all are. Dependants of a membership that changed follow in the same pass, so no one ever reads a stale one.
// E2 Within a pass a segment first settles (its deadline came), then is evaluated: what held until now counts, then what is now.
// E3 The changes of a pass are what differs between its beginning and its end: one cause, one list.
import type { SegmentChange } from '@tessera/contracts';
import type { Partial_ } from '@tessera/features';
import { instantText } from './instant-text.js';
import type { CompiledSegment, Evaluation } from './compiled.js';
import { createPathState, observe, pathDueMs, settle, timingOf, wanted, type PathState } from './membership.js';
import { DocumentView, materialize } from './merge-view.js';
import { alignPaths, reschedule, type ProfileDocument } from './profile-document.js';
import type { SetIndex, SlotUse, Use } from './set-index.js';

/** Of a change; `stability` and the reasons of a restoration are found by the pass itself. */
export type ChangeReason = 'conditions' | 'expiry' | 'stability' | 'merged' | 'unlinked' | 'definitions' | 'restored';

const EVALUATE = 1;
const SETTLE = 2;
const NO_CHANGES: readonly SegmentChange[] = [];

export class EvaluationPass {
  /** A published feature, trait or consent was touched. */
  publishes = false;
  private document!: ProfileDocument;
  private index!: SetIndex;
  private reason: ChangeReason = 'conditions';
  private mergedFrom: string | undefined;
  private found: SegmentChange[] | undefined;
  private readonly view = new DocumentView();
  private marks = new Uint8Array(64);
  private low = Infinity;
  private high = -1;
  private rescan = false;

  /** `quiet` passes (a shadow's) change the document and list nothing. */
  constructor(private readonly quiet = false) {}

  get changes(): readonly SegmentChange[] {
    return this.found ?? NO_CHANGES;
  }

  begin(document: ProfileDocument, index: SetIndex, reason: ChangeReason, mergedFrom?: string): void {
    this.document = document;
    this.index = index;
    this.reason = reason;
    this.mergedFrom = mergedFrom;
    this.found = undefined;
    this.publishes = false;
    this.view.document = document;
    this.view.index = index;
    if (document.names !== index.names) alignPaths(document, index.names, index.byName);
    materialize(document, index);
    if (this.marks.length < index.segments.length) this.marks = new Uint8Array(index.segments.length);
  }

  /** A slot or a trait has another value. */
  touch(use: Use): void {
    const { segments } = use;
    for (let i = 0; i < segments.length; i++) this.mark(segments[i] as number, EVALUATE);
    if (use.published) this.publishes = true;
  }

  /** A slot has another partial: only who may answer otherwise is touched (`bounds` in compiled.ts). */
  touchSlot(use: SlotUse, before: Partial_ | undefined, after: Partial_ | undefined): void {
    if (use.read === undefined) {
      this.touch(use);
      return;
    }
    if (use.published) this.publishes = true;
    const { always } = use;
    for (let i = 0; i < always.length; i++) this.mark(always[i] as number, EVALUATE);
    const was = use.read(before);
    const is = use.read(after);
    if (was === is) return;
    if (typeof was !== 'number' || typeof is !== 'number') this.touch(use);
    else if (was < is) this.touchBetween(use, was, is);
    else this.touchBetween(use, is, was);
  }

  touchAll(): void {
    for (let i = 0; i < this.index.segments.length; i++) this.mark(i, EVALUATE);
    this.publishes = true;
  }

  /** What is due at this moment. */
  touchDue(dueMs: number): void {
    const { paths } = this.document;
    for (let i = 0; i < paths.length; i++) {
      const timing = paths[i]?.timing;
      if (timing === undefined) continue;
      if (timing.deadlineMs <= dueMs) this.mark(i, SETTLE);
      if (timing.nextChangeMs <= dueMs) this.mark(i, EVALUATE);
    }
  }

  /** Evaluates what was touched, at `nowMs`, and sets the document's next due time. */
  run(nowMs: number): void {
    const { document, marks } = this;
    materialize(document, this.index);
    this.rescan = false;
    for (let i = this.low; i <= this.high; i++) {
      const mark = marks[i] as number;
      if (mark === 0) continue;
      marks[i] = 0;
      this.evaluate(i, mark, nowMs);
    }
    this.low = Infinity;
    this.high = -1;
    if (this.rescan) reschedule(document);
  }

  /** Adds a change that follows from no evaluation; a membership that stays is `updated`. */
  add(segment: string, kind: SegmentChange['kind'], reason: ChangeReason, enteredAtMs: number, mergedInto?: string): void {
    if (this.quiet) return;
    const change = { segment, kind, reason, enteredAt: instantText(enteredAtMs), pending: this.document.pending !== undefined };
    const { mergedFrom } = this;
    (this.found ??= []).push(
      mergedInto !== undefined
        ? { ...change, mergedInto }
        : kind === 'entered' && mergedFrom !== undefined
          ? { ...change, mergedFrom }
          : change,
    );
  }

  /** Segments with a bound in [low, high]: on another all comparisons answer as before. */
  private touchBetween({ bounds, boundSegments }: SlotUse, low: number, high: number): void {
    let from = 0;
    for (let to = bounds.length; from < to;) {
      const middle = (from + to) >> 1;
      if ((bounds[middle] as number) < low) from = middle + 1;
      else to = middle;
    }
    for (; from < bounds.length && (bounds[from] as number) <= high; from++) {
      const segments = boundSegments[from] as readonly number[];
      for (let i = 0; i < segments.length; i++) this.mark(segments[i] as number, EVALUATE);
    }
  }

  private mark(i: number, mark: number): void {
    this.marks[i] = (this.marks[i] as number) | mark;
    if (i < this.low) this.low = i;
    if (i > this.high) this.high = i;
  }

  private evaluate(i: number, mark: number, nowMs: number): void {
    const { document } = this;
    const segment = this.index.segments[i] as CompiledSegment;
    let path = document.paths[i];
    if ((mark & SETTLE) !== 0 && path !== undefined) {
      const { member, enteredAtMs } = path;
      this.rescan = true;
      const settled = settle(path, nowMs);
      const followed = (mark & EVALUATE) !== 0 && this.follow(path, segment, segment.evaluate(this.view, nowMs), nowMs);
      if (settled || followed) this.moved(i, path, member, enteredAtMs, followed ? this.reason : 'stability');
      return;
    }
    const evaluation = segment.evaluate(this.view, nowMs);
    if (path === undefined) {
      if (evaluation.nextChangeMs === Infinity && !wanted(evaluation.verdict, segment.unknown)) return;
      document.paths[i] = path = createPathState();
    }
    const { member } = path;
    const enteredAtMs = member ? path.enteredAtMs : 0;
    if (this.follow(path, segment, evaluation, nowMs)) this.moved(i, path, member, enteredAtMs, this.reason);
  }

  /** Takes what an evaluation found; true when the membership followed. */
  private follow(path: PathState, segment: CompiledSegment, evaluation: Evaluation, nowMs: number): boolean {
    const { document } = this;
    const { nextChangeMs } = evaluation;
    const before = pathDueMs(path);
    if (path.timing !== undefined || nextChangeMs !== Infinity) timingOf(path).nextChangeMs = nextChangeMs;
    const member = wanted(evaluation.verdict, segment.unknown);
    const followed = observe(path, member, nowMs, segment.stability, document.pending !== undefined);
    const due = pathDueMs(path);
    if (due < document.dueMs) document.dueMs = due;
    else if (due > before && before <= document.dueMs) this.rescan = true;
    return followed;
  }

  private moved(i: number, path: PathState, member: boolean, enteredAtMs: number, reason: ChangeReason): void {
    if (path.member !== member) {
      for (const dependant of this.index.dependants[i] as readonly number[]) this.mark(dependant, EVALUATE);
    }
    const enteredAt = path.member ? path.enteredAtMs : enteredAtMs;
    if (path.member !== member || (member && enteredAt !== enteredAtMs)) {
      this.add(this.index.names[i] as string, changeKind(member, path.member), reason, enteredAt);
    }
  }
}

export function changeKind(before: boolean, after: boolean): SegmentChange['kind'] {
  return before === after ? 'updated' : after ? 'entered' : 'exited';
}
