// Definitions as people change them: plan, apply, history, rollback.
// D1 A set is whole: what is not in it is gone. Applying the set that is in force changes nothing.
// D2 A rollback is an application of the documents of an earlier set, under a new number.
// D3 Every change is audited with its actor and note.
import type { AppliedSet, DefinitionCatalog } from '@tessera/catalog';
import { ProblemException, type Audit } from '@tessera/nest';
import type { Clock } from '@tessera/runtime';
import { planChange, type DefinitionDocument, type PlannedChange } from '@tessera/segments';
import { formatInstant } from '@tessera/time';

export interface Plan {
  /** The set that the changes are against; 0 for none. */
  readonly set: number;
  readonly changes: readonly PlannedChange[];
}

export interface AppliedAnswer {
  readonly set: number;
  readonly hash: string;
  /** False when the documents are those of the set before. */
  readonly changed: boolean;
  /** True when every partition works with it. */
  readonly active: boolean;
  readonly changes: readonly PlannedChange[];
}

export interface ChangeBy {
  readonly workspace: string;
  readonly actor: string;
  readonly note: string;
  /** Answer only when every partition works with the set, or 30 s have passed. */
  readonly waitUntilActive: boolean;
}

export interface SetSummary {
  readonly set: number;
  readonly hash: string;
  readonly applied: string;
  readonly actor: string;
  readonly note: string;
  readonly active: boolean;
  readonly documents: number;
  readonly changes: Readonly<Record<PlannedChange['action'], number>>;
}

const WAIT_MS_MAX = 30_000;

export class DefinitionsAdmin {
  constructor(
    private readonly catalog: DefinitionCatalog,
    private readonly audit: Audit,
    private readonly clock: Clock,
  ) {}

  plan(workspace: string, documents: readonly DefinitionDocument[]): Plan {
    const latest = this.catalog.latest(workspace);
    return { set: latest?.set ?? 0, changes: planChange(documentsOf(latest), documents) };
  }

  async apply(documents: readonly DefinitionDocument[], by: ChangeBy, action = 'definitions.apply'): Promise<AppliedAnswer> {
    const { workspace, actor, note } = by;
    const { changes } = this.plan(workspace, documents);
    const outcome = await this.catalog.apply(workspace, documents, { actor, note, nowMs: this.clock.nowMs() });
    if (outcome.changed) {
      const { set, hash } = outcome;
      const names = changes
        .filter((change) => change.action !== 'unchanged')
        .map((change) => `${change.action} ${change.kind}/${change.name}`);
      await this.audit.record({
        workspace,
        actor,
        action,
        subject: `set ${String(set)}`,
        detail: { set, hash, note, changes: names },
      });
    }
    if (by.waitUntilActive) await this.untilActive(workspace, outcome.set);
    return { ...outcome, active: this.isActive(workspace, outcome.set), changes };
  }

  async rollback(to: number, by: ChangeBy): Promise<AppliedAnswer> {
    const note = by.note === '' ? `rollback to set ${String(to)}` : by.note;
    return this.apply(documentsOf(this.setOf(by.workspace, to)), { ...by, note }, 'definitions.rollback');
  }

  /** Undefined before the first. */
  set(workspace: string, number: number | undefined): AppliedSet | undefined {
    return number === undefined ? this.catalog.latest(workspace) : this.setOf(workspace, number);
  }

  activeSet(workspace: string): number {
    return this.catalog.active(workspace)?.set ?? 0;
  }

  /** Newest first. */
  history(workspace: string): readonly SetSummary[] {
    const sets = this.catalog.history(workspace);
    const active = this.activeSet(workspace);
    return sets.map((set, i) => summaryOf(set, sets[i - 1], active)).reverse();
  }

  private setOf(workspace: string, number: number): AppliedSet {
    const sets = this.catalog.history(workspace);
    const found = sets.find(({ set }) => set === number);
    if (found !== undefined) return found;
    throw new ProblemException('not-found', {
      detail: `There is no set ${String(number)}.`,
      field: 'set',
      found: String(number),
      allowed: sets.length === 0 ? 'none: nothing was applied yet' : `1 to ${String(sets.at(-1)?.set)}`,
      next: 'list the history',
    });
  }

  private isActive(workspace: string, set: number): boolean {
    return this.activeSet(workspace) >= set;
  }

  private async untilActive(workspace: string, set: number): Promise<void> {
    const done = new AbortController();
    await Promise.race([this.catalog.activated(workspace, set), this.clock.wait(WAIT_MS_MAX, done.signal)]);
    done.abort();
  }
}

function summaryOf(set: AppliedSet, before: AppliedSet | undefined, active: number): SetSummary {
  const changes = { create: 0, update: 0, delete: 0, unchanged: 0 };
  for (const { action } of planChange(documentsOf(before), documentsOf(set))) changes[action]++;
  return {
    set: set.set,
    hash: set.hash,
    applied: formatInstant(set.appliedMs),
    actor: set.actor,
    note: set.note,
    active: set.set === active,
    documents: set.documents.length,
    changes,
  };
}

function documentsOf(set: AppliedSet | undefined): readonly DefinitionDocument[] {
  return (set?.documents ?? []).map(({ document }) => document);
}
