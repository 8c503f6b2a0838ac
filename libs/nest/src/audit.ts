// Who changed what through a door: records of the log `audit`.
// A1 A change is answered after its audit record is durable. A change whose record could not be written has happened all the same: the
//    caller is told that the call failed, and repeats it.
import { keyOf, ownerOf, type AuditRecordedRecord } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import type { Clock, EventLog } from '@tessera/runtime';
import { carriedTrace } from '@tessera/telemetry';
import { formatInstant } from '@tessera/time';

export interface AuditedChange {
  readonly workspace: string;
  /** Name of the credential. */
  readonly actor: string;
  /** `identity.unlink`, `definitions.apply`, … */
  readonly action: string;
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

export class Audit {
  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
  ) {}

  async record(change: AuditedChange): Promise<void> {
    const nowMs = this.clock.nowMs();
    const key = keyOf(change.workspace, 'workspace', 'audit');
    const value: AuditRecordedRecord = { kind: 'auditRecorded', ...change, recorded: formatInstant(nowMs) };
    await this.log.append('audit', partitionOf(ownerOf(key), this.log.partitions('audit')), [
      { key, value, timeMs: nowMs, ...carriedTrace() },
    ]);
  }
}
