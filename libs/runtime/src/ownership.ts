// Ownership: which partitions of a stage's input this process may work on. The embedded profile has no such port: it owns all.
// W1 A partition is released after its loop was stopped: drained, written, committed. The time for that is bounded; a loop that takes
//    longer goes on as a former owner, which is harmless: its writes are refused by their guards, its outputs by their versions.
// W2 Ownership that cannot be confirmed is lost, and told so: another process may have the partitions by then.
// W3 Where a stage begins to read is never decided here: that is its partition document's.
import type { TopicId } from '@tessera/contracts';

/** What is owned: the input of one stage. */
export interface OwnedInput {
  /** Stage name: the group of processes that share its partitions. */
  readonly stage: string;
  readonly topic: TopicId;
  readonly partitions: number;
}

/** Who works on the partitions. Calls do not overlap, save `lost`. */
export interface PartitionOwner {
  gained(partitions: readonly number[]): void;
  /** Resolves when they are stopped and written: they are given away then, or when the time is over. */
  release(partitions: readonly number[]): Promise<void>;
  /** They may be somebody else's already. */
  lost(partitions: readonly number[]): void;
  /** Next offset to read of every partition that is owned: published for lag, never read back. */
  positions(): ReadonlyMap<number, number>;
}

export interface Membership {
  /** This process has been told what it owns, which may be nothing, and is still confirmed. */
  readonly assigned: boolean;
  /** Releases everything and leaves. */
  leave(): Promise<void>;
}

export interface Ownership {
  /** Returns at once; what is owned is told as it becomes known, also when the brokers cannot be reached for now. */
  join(input: OwnedInput, owner: PartitionOwner): Membership;
}
