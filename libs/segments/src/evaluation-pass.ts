// One pass of evaluation over a profile at one moment: only what was touched, dependencies before dependants.
// E1 A segment is evaluated when a slot, a trait or a membership that it reads was touched, when its own time came, or when
//    all are. Dependants of a membership that changed follow in the same pass, so no one ever reads a stale one.
// E2 Within a pass a segment first settles (its deadline came), then is evaluated: what held until now counts, then what is now.
// E3 The changes of a pass are what differs between its beginning and its end: one cause, one list.
import type { SegmentChange } from '@tessera/contracts';
import { instantText } from './instant-text.js';
import { createPathState, isUntouched, observe, pathDueMs, settle, wanted, type PathState } from './membership.js';
import { DocumentView, materialize } from './merge-view.js';
import { reschedule, type ProfileDocument } from './profile-document.js';
import type { SetIndex, Use } from './set-index.js';

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
  private spare = createPathState();

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
    if (this.marks.length < index.segments.length) this.marks = new Uint8Array(index.segments.length);
  }

  /** A slot or a trait has another value. */
  touch(use: Use): void {
    const { segments } = use;
    for (let i = 0; i < segments.length; i++) this.mark(segments[i] as number, EVALUATE);
    if (use.published) this.publishes = true;
  }

  touchAll(): void {
    for (let i = 0; i < this.index.segments.length; i++) this.mark(i, EVALUATE);
    this.publishes = true;
  }

  /** What is due at this moment. */
  touchDue(dueMs: number): void {
    const { byName } = this.index;
    for (const [name, path] of this.document.paths) {
      if (pathDueMs(path) > dueMs) continue;
      const i = byName.get(name);
      if (i !== undefined) this.mark(i, (path.deadlineMs <= dueMs ? SETTLE : 0) | (path.nextChangeMs <= dueMs ? EVALUATE : 0));
    }
  }

  /** Evaluates what was touched, at `nowMs`, and sets the document's next due time. */
  run(nowMs: number): void {
    const { document, marks } = this;
    materialize(document, this.index);
    let rescan = false;
    for (let i = this.low; i <= this.high; i++) {
      const mark = marks[i] as number;
      if (mark === 0) continue;
      marks[i] = 0;
      const { name } = this.index.segments[i] as { name: string };
      const stored = document.paths.get(name);
      const path = stored ?? this.spare;
      const before = pathDueMs(path);
      this.evaluate(i, path, mark, nowMs);
      if (stored === undefined) this.keepSpare(name);
      const due = pathDueMs(path);
      if (due < document.dueMs) document.dueMs = due;
      else if (before <= document.dueMs && due > before) rescan = true;
    }
    this.low = Infinity;
    this.high = -1;
    if (rescan) reschedule(document);
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

  private mark(i: number, mark: number): void {
    this.marks[i] = (this.marks[i] as number) | mark;
    if (i < this.low) this.low = i;
    if (i > this.high) this.high = i;
  }

  private evaluate(i: number, path: PathState, mark: number, nowMs: number): void {
    const segment = this.index.segments[i] as SetIndex['segments'][number];
    const { member, enteredAtMs } = path;
    let { reason } = this;
    if ((mark & SETTLE) !== 0 && settle(path, nowMs)) reason = 'stability';
    if ((mark & EVALUATE) !== 0) {
      const { verdict, nextChangeMs } = segment.evaluate(this.view, nowMs);
      path.nextChangeMs = nextChangeMs;
      const settled = path.member;
      observe(path, wanted(verdict, segment.unknown), nowMs, segment.stability, this.document.pending !== undefined);
      if (path.member !== settled) ({ reason } = this);
    }
    if (path.member === member && path.enteredAtMs === enteredAtMs) return;
    if (path.member !== member)
      for (const dependant of this.index.dependants[i] as readonly number[]) this.mark(dependant, EVALUATE);
    this.add(segment.name, changeKind(member, path.member), reason, path.member ? path.enteredAtMs : enteredAtMs);
  }

  private keepSpare(name: string): void {
    if (isUntouched(this.spare)) return;
    this.document.paths.set(name, this.spare);
    this.spare = createPathState();
  }
}

export function changeKind(before: boolean, after: boolean): SegmentChange['kind'] {
  return before === after ? 'updated' : after ? 'entered' : 'exited';
}
