// Which slots survive a change of the definition set.
// A features partition sends values of a new set's slots before this partition has activated that set, and stops keeping those
// that its present set lacks. A value that came after its source had announced set n belongs to the plan of n or of a later set;
// one that came before is worth nothing to a set whose plan lacks its slot, nor, as nobody keeps it up to date any more, to a
// later set that asks for it again.
// K1 When set n becomes active, a slot outside its plan is kept only where it came after the source announced n or a later set.
import { fragmentsChanged, type Fragment, type ProfileDocument } from './profile-document.js';
import type { SetIndex } from './set-index.js';
import { putPartial } from './slot-values.js';

/** Notes the set under which a value came, where that is not simply the active one. */
export function keepEarly(
  fragment: Fragment,
  slotId: string,
  present: boolean,
  inPlan: boolean,
  activeSet: number,
  ahead: number,
): void {
  if (!present || (inPlan && ahead === 0)) forget(fragment, slotId);
  else (fragment.early ??= new Map()).set(slotId, Math.max(ahead, activeSet));
}

/** Drops what set `set` makes worthless. The document is aligned with it: what is outside of its plan is in no column. */
export function dropSlots(document: ProfileDocument, index: SetIndex, set: number): void {
  for (const fragment of document.fragments) {
    for (const slotId of [...(fragment.others?.keys() ?? [])]) {
      if (!index.slots.has(slotId) && (fragment.early?.get(slotId) ?? -1) < set) {
        putPartial(fragment, undefined, slotId, undefined);
        forget(fragment, slotId);
      }
    }
    for (const [slotId, under] of fragment.early ?? []) if (index.slots.has(slotId) && under <= set) forget(fragment, slotId);
  }
  fragmentsChanged(document);
}

function forget(fragment: Fragment, slotId: string): void {
  fragment.early?.delete(slotId);
  if (fragment.early?.size === 0) fragment.early = undefined;
}
