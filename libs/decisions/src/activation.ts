// Which definition set decisions work with: a fold over the records of `definitions`.
// A1 A set is active for a workspace once every partition of `fragments` works with it or a later one: the least of the
//    highest sets announced per partition. So a decision never joins memberships that only some partitions have evaluated.
// A2 The active set never goes back, and records may be repeated or come late: each partition counts with its highest set.
// A3 Compaction may drop what is older than a partition's last announcement; the answer is the same.
import type { DefinitionsRecord } from '@tessera/contracts';

export interface ActiveSet {
  readonly set: number;
  readonly hash: string;
}

export class ActivationTracker {
  private readonly workspaces = new Map<string, Map<number, ActiveSet>>();
  private readonly active = new Map<string, ActiveSet>();

  /** @param partitions partitions of `fragments` */
  constructor(private readonly partitions: number) {}

  /** The set that became active by this record, if one did. */
  apply(record: DefinitionsRecord): ActiveSet | undefined {
    if (record.kind !== 'definitionsActivated') return undefined;
    if (record.partition < 0 || record.partition >= this.partitions) return undefined;
    const announced = this.announcedIn(record.workspace);
    const before = announced.get(record.partition);
    if (before !== undefined && before.set >= record.set) return undefined;
    announced.set(record.partition, { set: record.set, hash: record.hash });
    return this.advance(record.workspace, announced);
  }

  activeSet(workspace: string): ActiveSet | undefined {
    return this.active.get(workspace);
  }

  workspacesKnown(): readonly string[] {
    return [...this.active.keys()];
  }

  private announcedIn(workspace: string): Map<number, ActiveSet> {
    let announced = this.workspaces.get(workspace);
    if (announced === undefined) this.workspaces.set(workspace, (announced = new Map()));
    return announced;
  }

  private advance(workspace: string, announced: ReadonlyMap<number, ActiveSet>): ActiveSet | undefined {
    if (announced.size < this.partitions) return undefined;
    let least: ActiveSet | undefined;
    for (const set of announced.values()) if (least === undefined || set.set < least.set) least = set;
    if (least === undefined || least.set <= (this.active.get(workspace)?.set ?? -1)) return undefined;
    this.active.set(workspace, least);
    return least;
  }
}
