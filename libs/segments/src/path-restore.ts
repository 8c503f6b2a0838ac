// Puts folded path state into a live document, with what has happened since its basis.
// R1 The shadow is the document as it would have been at the basis; the journal is applied to it by the same steps, timers in
//    between. Its paths are the live document's from now on.
// R2 Present values stay the live ones, and everything is evaluated once more with them: a fold that could not see all of the
//    history (older than retention) can misplace a moment, but never a membership without path state.
// R3 The document goes back to the shadow's moment. Its own may be later by timers of events that have left it with their fragment, and
//    what is told late next would otherwise take effect then.
import type { SegmentChange } from '@tessera/contracts';
import { changeKind, type EvaluationPass } from './evaluation-pass.js';
import { instantText } from './instant-text.js';
import type { JournalEntry, PendingPath } from './path-pending.js';
import { decodeProfile } from './profile-codec.js';
import { align, findFragment, reschedule, type ProfileDocument } from './profile-document.js';
import { ProfileSteps, type Circumstance, type Listener } from './profile-steps.js';
import type { SetIndex } from './set-index.js';

const SILENT: Listener = {
  passed: (_document: ProfileDocument, _pass: EvaluationPass) => undefined,
};

/** How a shadow is changed: nothing in it is a merge or an un-merge. */
export const SHADOW: Circumstance = {
  reason: 'conditions',
  mergedFrom: undefined,
  mergedInto: undefined,
  ahead: 0,
  basis: -1,
};

/** Steps for documents that nobody listens to. */
export function shadowSteps(): ProfileSteps {
  return new ProfileSteps(SILENT, true);
}

/**
 * Installs the folded path; timers up to `ownTimeMs` have fired. Returns the changes against what was told while it was pending.
 * It is no moment of its own in the person's life: what is told late afterwards still takes effect when it would have.
 */
export function restorePath(
  document: ProfileDocument,
  pending: PendingPath,
  folded: Uint8Array,
  index: SetIndex,
  ownTimeMs: number,
): readonly SegmentChange[] {
  const steps = shadowSteps();
  const shadow = decodeProfile(folded, document.key);
  for (const entry of pending.journal) replay(shadow, entry, index, steps);
  steps.fire(shadow, index, ownTimeMs);
  align(document, index);
  align(shadow, index);
  const told = document.entered;
  document.entered = shadow.entered;
  document.timers = shadow.timers;
  document.pending = undefined;
  if (hasAll(shadow, document)) document.effectiveMs = shadow.effectiveMs;
  steps.evaluateAll(document, index);
  reschedule(document);
  return differences(told, document.entered, index);
}

/** False when nothing of some fragment's history is left. */
function hasAll(shadow: ProfileDocument, document: ProfileDocument): boolean {
  return document.fragments.every(({ id }) => findFragment(shadow, id) !== undefined);
}

function replay(shadow: ProfileDocument, entry: JournalEntry, index: SetIndex, steps: ProfileSteps): void {
  steps.fire(shadow, index, entry.ownTimeMs);
  if (entry.kind === 'update') {
    const active = { set: shadow.set, hash: shadow.hash, effectiveMs: 0, index };
    steps.update(shadow, entry.update, entry.effectiveMs, active, index, SHADOW);
    return;
  }
  const fragment = findFragment(shadow, entry.fragment);
  if (fragment !== undefined) steps.leave(shadow, fragment, entry.effectiveMs, index, SHADOW);
}

/** Every member is told, if only that its path is no longer pending. */
function differences(told: readonly number[], now: readonly number[], index: SetIndex): SegmentChange[] {
  const changes: SegmentChange[] = [];
  for (const [i, segment] of index.names.entries()) {
    const before = told[i] as number;
    const after = now[i] as number;
    const was = before !== Infinity;
    const is = after !== Infinity;
    if (!was && !is) continue;
    const enteredAt = instantText(is ? after : before);
    changes.push({ segment, kind: changeKind(was, is), reason: 'restored', enteredAt, pending: false });
  }
  return changes;
}
