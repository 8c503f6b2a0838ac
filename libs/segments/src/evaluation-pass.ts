// One pass of evaluation over a profile at one moment: only what was touched, dependencies before dependants.
// E1 A segment is evaluated when a slot, a trait or a membership that it reads was touched, when its own time came, or when
//    all are. Dependants of a membership that changed follow in the same pass, so no one ever reads a stale one.
// E2 Within a pass a segment first settles (its deadline came), then is evaluated: what held until now counts, then what is now.
// E3 The changes of a pass are what differs between its beginning and its end: one cause, one list.
import type { SegmentChange } from '@tessera/contracts';
import type { Scalar } from '@tessera/features';
import { instantText } from './instant-text.js';
import type { CompiledSegment } from './compiled.js';
import { DEADLINE, expectChange, NEXT_CHANGE, observe, settle, TIMER_WIDTH, wanted } from './membership.js';
import { DocumentView, materialize } from './merge-view.js';
import { align, reschedule, type ProfileDocument } from './profile-document.js';
import type { SetIndex, SlotUse, Use } from './set-index.js';

/** Of a change; `stability` and the reasons of a restoration are found by the pass itself. */
export type ChangeReason = 'conditions' | 'expiry' | 'stability' | 'merged' | 'unlinked' | 'definitions' | 'restored';

const EVALUATE = 1;
const SETTLE = 2;

export class EvaluationPass {
  /** A published feature, trait or consent was touched. */
  publishes = false;
  private document!: ProfileDocument;
  private index!: SetIndex;
  private reason: ChangeReason = 'conditions';
  private mergedFrom: string | undefined;
  /** Reused from pass to pass: the first `count` are those of this one. */
  private readonly found: SegmentChange[] = [];
  private count = 0;
  private readonly view = new DocumentView();
  private marks = new Uint8Array(64);
  private low = Infinity;
  private high = -1;

  /** `quiet` passes (a shadow's) change the document and list nothing. */
  constructor(private readonly quiet = false) {}

  get changed(): boolean {
    return this.count > 0;
  }

  /** A list of its own, for whoever keeps it. */
  get changes(): readonly SegmentChange[] {
    return this.found.slice(0, this.count);
  }

  begin(document: ProfileDocument, index: SetIndex, reason: ChangeReason, mergedFrom?: string): void {
    this.document = document;
    this.index = index;
    this.reason = reason;
    this.mergedFrom = mergedFrom;
    this.count = 0;
    this.publishes = false;
    this.view.document = document;
    this.view.index = index;
    if (document.names !== index.names) align(document, index);
    materialize(document, index);
    if (this.marks.length < index.segments.length) this.marks = new Uint8Array(index.segments.length);
  }

  /** A slot or a trait has another value. */
  touch(use: Use): void {
    const { segments } = use;
    for (let i = 0; i < segments.length; i++) this.mark(segments[i] as number, EVALUATE);
    if (use.published) this.publishes = true;
  }

  /** A slot has another partial, with these values: only who may answer otherwise is touched (`bounds` in compiled.ts). */
  touchSlot(use: SlotUse, was: Scalar, is: Scalar): void {
    if (use.read === undefined) {
      this.touch(use);
      return;
    }
    if (use.published) this.publishes = true;
    const { always } = use;
    for (let i = 0; i < always.length; i++) this.mark(always[i] as number, EVALUATE);
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
    const { timers } = this.document;
    if (timers === undefined) return;
    for (let at = 0; at < timers.length; at += TIMER_WIDTH) {
      const place = timers[at] as number;
      if ((timers[at + DEADLINE] as number) <= dueMs) this.mark(place, SETTLE);
      if ((timers[at + NEXT_CHANGE] as number) <= dueMs) this.mark(place, EVALUATE);
    }
  }

  /** Evaluates what was touched, at `nowMs`, and sets the document's next due time. */
  run(nowMs: number): void {
    const { document, marks } = this;
    materialize(document, this.index);
    for (let i = this.low; i <= this.high; i++) {
      const mark = marks[i] as number;
      if (mark === 0) continue;
      marks[i] = 0;
      this.evaluate(i, mark, nowMs);
    }
    this.low = Infinity;
    this.high = -1;
    if (document.timers !== undefined || document.dueMs !== Infinity) reschedule(document);
  }

  /** Adds a change that follows from no evaluation; a membership that stays is `updated`. */
  add(segment: string, kind: SegmentChange['kind'], reason: ChangeReason, enteredAtMs: number, mergedInto?: string): void {
    if (this.quiet) return;
    const { mergedFrom } = this;
    const enteredAt = instantText(enteredAtMs);
    const pending = this.document.pending !== undefined;
    this.found[this.count++] =
      mergedInto !== undefined
        ? { segment, kind, reason, enteredAt, pending, mergedInto }
        : kind === 'entered' && mergedFrom !== undefined
          ? { segment, kind, reason, enteredAt, pending, mergedFrom }
          : { segment, kind, reason, enteredAt, pending };
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
    const before = document.entered[i] as number;
    const settled = (mark & SETTLE) !== 0 && settle(document, i, nowMs);
    const followed = (mark & EVALUATE) !== 0 && this.follow(i, nowMs);
    if (settled || followed) this.moved(i, before, followed ? this.reason : 'stability');
  }

  /** Takes what an evaluation finds; true when the membership followed. */
  private follow(i: number, nowMs: number): boolean {
    const { document } = this;
    const segment = this.index.segments[i] as CompiledSegment;
    const { verdict, nextChangeMs } = segment.evaluate(this.view, nowMs);
    if (document.timers !== undefined || nextChangeMs !== Infinity) expectChange(document, i, nextChangeMs);
    return observe(document, i, wanted(verdict, segment.unknown), nowMs, segment.stability, document.pending !== undefined);
  }

  /** `before` is since when it was a member as the pass began; Infinity where it was not. */
  private moved(i: number, before: number, reason: ChangeReason): void {
    const after = this.document.entered[i] as number;
    if (after === before) return;
    const was = before !== Infinity;
    const is = after !== Infinity;
    if (was !== is) {
      const dependants = this.index.dependants[i] as readonly number[];
      for (let d = 0; d < dependants.length; d++) this.mark(dependants[d] as number, EVALUATE);
    }
    this.add(this.index.names[i] as string, changeKind(was, is), reason, is ? after : before);
  }
}

export function changeKind(before: boolean, after: boolean): SegmentChange['kind'] {
  return before === after ? 'updated' : after ? 'entered' : 'exited';
}
