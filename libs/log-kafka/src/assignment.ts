// Who gets which partition: as even as it can be, and nobody loses what they may keep.
// N1 A pure function: whichever member leads, the answer is the same.
// N2 A partition that must move is taken from its owner first and given away in the round after: it never has two owners.

export interface GroupMemberState {
  readonly id: string;
  /** What the member says that it owns. */
  readonly owned: readonly number[];
}

/** Partitions by member id, for every member. */
export function assign(members: readonly GroupMemberState[], partitions: number): ReadonlyMap<string, readonly number[]> {
  const ordered = [...members].sort((a, b) => (a.id < b.id ? -1 : 1));
  const claims = claimsOf(ordered, partitions);
  const held = new Map(ordered.map(({ id }) => [id, claims.flatMap((owner, partition) => (owner === id ? [partition] : []))]));
  const quotas = quotasOf(ordered, held, partitions);
  const answer = new Map(ordered.map(({ id }) => [id, (held.get(id) ?? []).slice(0, quotas.get(id))]));
  let at = 0;
  for (let partition = 0; partition < partitions; partition++) {
    if (claims[partition] !== undefined) continue;
    while (at < ordered.length && isFull(ordered[at] as GroupMemberState, answer, quotas)) at += 1;
    const { id } = ordered[at] as GroupMemberState;
    answer.get(id)?.push(partition);
  }
  for (const given of answer.values()) given.sort((a, b) => a - b);
  return answer;
}

/** The owner of every partition. Two that claim one: the first in order, the other has to let it go. */
function claimsOf(members: readonly GroupMemberState[], partitions: number): (string | undefined)[] {
  const claims = new Array<string | undefined>(partitions).fill(undefined);
  for (const { id, owned } of members)
    for (const partition of owned) if (partition >= 0 && partition < partitions) claims[partition] ??= id;
  return claims;
}

/** Shares that differ by one at most; the larger ones go to those who hold most. */
function quotasOf(
  members: readonly GroupMemberState[],
  held: ReadonlyMap<string, readonly number[]>,
  partitions: number,
): ReadonlyMap<string, number> {
  const share = Math.floor(partitions / members.length);
  const larger = partitions % members.length;
  const byHeld = [...members].sort((a, b) => (held.get(b.id)?.length ?? 0) - (held.get(a.id)?.length ?? 0));
  return new Map(byHeld.map(({ id }, i) => [id, i < larger ? share + 1 : share]));
}

function isFull(
  member: GroupMemberState,
  answer: ReadonlyMap<string, readonly number[]>,
  quotas: ReadonlyMap<string, number>,
): boolean {
  return (answer.get(member.id)?.length ?? 0) >= (quotas.get(member.id) ?? 0);
}
