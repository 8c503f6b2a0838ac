// Links: what one event is evidence for.
// K1 A function of the event and its placement alone.
// K2 Nodes are spells and identities. A spell is tied to its own user only; what else an event names is tied to the user, or,
//    without a user, to the spell or the sender.
// K3 Each pair announces the sender's fragments that its nodes answer for. A user's fragment on a device without any pair (an
//    event of another user from within an older spell) is announced by a pair of the node with itself: no link, only an address.
// K4 `alias` is no evidence of its own: who a previous id belongs to is told by the events that carried it.
import { keyOf, type AnnouncedFragment, type Key, type TrackedRecord } from '@tessera/contracts';
import { isDevice, nodeOfFragment, UNKNOWN_SPELL, type Placement } from './spells.js';

/** Lower is stronger: a log-in, two identities with a user id, an identity named on an anonymous visit. */
export const STRENGTH = { login: 1, shared: 2, visit: 3 } as const;

/** Evidence of a pair of a node with itself. */
export const ANNOUNCED = 'announced';
/** The graph's own request to answer again, after the rules changed. */
export const RULES_CHANGED = 'rules';

export interface Pair {
  /** Not greater than b. */
  readonly a: string;
  readonly b: string;
  readonly evidence: 'login' | 'shared' | typeof ANNOUNCED;
  readonly strength: number;
  readonly fragments: readonly AnnouncedFragment[];
}

/** Key of all records of `links` of a workspace: it puts them in one totally ordered partition. */
export function linksKeyOf(workspace: string): Key {
  return keyOf(workspace, 'workspace', 'links');
}

export function pairsOf(event: TrackedRecord, placement: Placement): readonly Pair[] {
  const { sender, userId, identities } = event;
  const known: AnnouncedFragment[] = [];
  const home = homeOf(sender, placement, known);
  let anchor = home;
  if (userId !== undefined) {
    anchor = `user_id:${userId}`;
    known.push({ sender, fragment: `user:${userId}`, node: anchor });
  }
  if (anchor === undefined) return [];

  const pairs: Pair[] = [];
  if (userId !== undefined && home !== undefined && placement.ofSpell && isDevice(sender)) {
    pairs.push(pairOf(home, anchor, 'login', STRENGTH.login, known));
  }
  const strength = userId === undefined && isDevice(sender) ? STRENGTH.visit : STRENGTH.shared;
  for (const { namespace, value } of identities) {
    const node = `${namespace}:${value}`;
    if (node !== anchor) pairs.push(pairOf(anchor, node, 'shared', strength, known));
  }
  if (pairs.length === 0 && userId !== undefined && sender !== anchor) {
    pairs.push(pairOf(anchor, anchor, ANNOUNCED, STRENGTH.shared, known));
  }
  return pairs;
}

/** Node of the sender's own anonymous events: its spell, or itself. */
function homeOf(sender: string, placement: Placement, known: AnnouncedFragment[]): string | undefined {
  if (placement.spell === UNKNOWN_SPELL) return undefined;
  const fragment = `spell:${String(placement.spell)}`;
  const node = nodeOfFragment(sender, fragment);
  // All events of a sender that is a user id carry it: it has no anonymous fragment.
  if (!sender.startsWith('user_id:')) known.push({ sender, fragment, node });
  return node;
}

function pairOf(
  one: string,
  other: string,
  evidence: Pair['evidence'],
  strength: number,
  known: readonly AnnouncedFragment[],
): Pair {
  const fragments = known.filter(({ node }) => node === one || node === other);
  return one < other ? { a: one, b: other, evidence, strength, fragments } : { a: other, b: one, evidence, strength, fragments };
}
