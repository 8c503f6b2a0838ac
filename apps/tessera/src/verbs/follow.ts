// Follows a topic: page after page from where the last one ended, until told to stop.
import { setTimeout as pause } from 'node:timers/promises';
import type { VerbContext } from '../verb.js';
import type { Asking } from './asking.js';
import { shown, type Shown } from './output.js';

export interface FollowOptions {
  readonly from: string;
  readonly limit?: number;
  /** False: only what is there. */
  readonly follow?: boolean;
}

export interface FollowedRecord {
  readonly partition: number;
  readonly offset: number;
  readonly stamp: string;
  readonly key: string;
  readonly value: unknown;
}

const WAIT_MS = 10_000;

export async function followTopic(
  asking: Asking,
  topic: string,
  { from, limit = Infinity, follow = true, ...form }: FollowOptions & Shown,
  { print }: VerbContext,
  wanted: (record: FollowedRecord) => boolean = () => true,
): Promise<void> {
  let cursor = from;
  let left = limit;
  for (;;) {
    const query = new URLSearchParams({ from: cursor, waitMs: String(follow ? WAIT_MS : 0) });
    const lines = await asking.lines(`/api/v1/topics/${encodeURIComponent(topic)}/tail?${query.toString()}`);
    const records = (lines.slice(0, -1) as unknown as readonly FollowedRecord[]).filter(wanted);
    for (const record of records.slice(0, left)) print(lineOf(record, form));
    left -= records.length;
    const { next } = lines.at(-1) as unknown as { next: string };
    if (left <= 0 || (!follow && (lines.length === 1 || next === cursor))) return;
    cursor = next;
    // A tail that answers at once (news of other workspaces) does not become a busy loop.
    await pause(20);
  }
}

function lineOf(record: FollowedRecord, form: Shown): string {
  if (form.output === 'json') return JSON.stringify(record);
  if (form.output === 'yaml') return `---\n${shown(record, form)}`;
  const { partition, offset, stamp, key, value } = record;
  return `${stamp}  ${String(partition)}/${String(offset)}  ${key}  ${JSON.stringify(value)}`;
}
