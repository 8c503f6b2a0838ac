// The public records that a pass leads to: changes, memberships, features.
// O1 One record of changes per profile and cause, with the next sequence; a membership or its tombstone for each change.
// O2 Values are absolute, and a record of features is told only when its content differs from the last one.
// O3 The effective time is that of the cause, or of the timer; `evaluated` is the log time at which it was found.
import type {
  Cause,
  FragmentChangedRecord,
  FragmentDetachedRecord,
  Key,
  ProfileFeaturesRecord,
  SegmentChange,
  SegmentMembershipRecord,
  SegmentsChangedRecord,
  TopicId,
} from '@tessera/contracts';
import { keyUnder } from '@tessera/contracts';
import { hash53, partitionOf } from '@tessera/hash';
import type { StepContext } from '@tessera/runtime';
import type { CompiledSet } from './compiled.js';
import type { EvaluationPass } from './evaluation-pass.js';
import { instantText } from './instant-text.js';
import type { ProfileDocument } from './profile-document.js';
import type { Listener } from './profile-steps.js';
import { publicationOf, type Publication } from './publication.js';
import type { SegmentsPartitionState } from './activation.js';
import { indexOf } from './set-index.js';

export type SegmentsContext = StepContext<CompiledSet, SegmentsPartitionState>;

export class ProfileOutputs implements Listener {
  context!: SegmentsContext;
  /** The record being stepped, behind which is an event; undefined for timers and control records, whose cause is their own record. */
  record: FragmentChangedRecord | FragmentDetachedRecord | undefined;

  passed(document: ProfileDocument, pass: EvaluationPass): void {
    if (pass.changed) this.tellChanges(document, pass.changes);
    if (pass.publishes) this.tellFeatures(document);
  }

  tellChanges(document: ProfileDocument, changes: readonly SegmentChange[]): void {
    const { context } = this;
    const { generation, offset, partition } = context;
    const { workspace, profile, effectiveMs } = document;
    const effective = instantText(effectiveMs);
    document.sequence += 1;
    const value: SegmentsChangedRecord = {
      kind: 'segmentsChanged',
      workspace,
      profile,
      sequence: document.sequence,
      generation,
      offset,
      index: context.nextIndex(),
      effective,
      evaluated: instantText(Math.max(context.logTimeMs, effectiveMs)),
      cause: this.record === undefined ? { topic: 'fragments', partition, offset } : causeOf(this.record),
      changes,
      definitionSet: document.set,
    };
    this.emit('segment-changes', document.key, document.key, value, effectiveMs);
    for (let i = 0; i < changes.length; i++) this.tellMembership(document, changes[i] as SegmentChange, effective);
  }

  tellFeatures(document: ProfileDocument): void {
    const content = document.fragments.length === 0 ? undefined : publicationOf(document, this.indexFor(document));
    const hash = content === undefined ? 0 : hash53(JSON.stringify(content)) || 1;
    if (hash === document.published) return;
    document.published = hash;
    if (content === undefined) this.emitTombstone('profile-features', document.key, document.key, document.effectiveMs);
    else this.emit('profile-features', document.key, document.key, this.featuresRecord(document, content), document.effectiveMs);
  }

  private tellMembership(document: ProfileDocument, change: SegmentChange, effective: string): void {
    const { context } = this;
    const { workspace, profile, effectiveMs } = document;
    const key = keyUnder(document.key, change.segment);
    if (change.kind === 'exited') {
      this.emitTombstone('segment-memberships', document.key, key, effectiveMs, { sequence: String(document.sequence) });
      return;
    }
    const value: SegmentMembershipRecord = {
      kind: 'segmentMembership',
      workspace,
      profile,
      segment: change.segment,
      enteredAt: change.enteredAt,
      sequence: document.sequence,
      generation: context.generation,
      offset: context.offset,
      index: context.nextIndex(),
      effective,
      pending: change.pending,
    };
    this.emit('segment-memberships', document.key, key, value, effectiveMs);
  }

  private featuresRecord(document: ProfileDocument, content: Publication): ProfileFeaturesRecord {
    const { context } = this;
    const { workspace, profile, effectiveMs } = document;
    return {
      kind: 'profileFeatures',
      workspace,
      profile,
      generation: context.generation,
      offset: context.offset,
      index: context.nextIndex(),
      asOf: instantText(effectiveMs),
      ...content,
    };
  }

  private indexFor(document: ProfileDocument): ReturnType<typeof indexOf> {
    const active = this.context.state.active.get(document.workspace);
    return (
      (active?.hash === document.hash ? active.index : undefined) ??
      indexOf(this.context.definitions(document.workspace, document.hash))
    );
  }

  private emit(
    topic: TopicId,
    owner: Key,
    key: Key,
    value: SegmentsChangedRecord | SegmentMembershipRecord | ProfileFeaturesRecord,
    timeMs: number,
  ): void {
    this.context.emit(topic, this.partitionFor(topic, owner), { key, value, timeMs });
  }

  /** What a value would say of its place in the order stands in the headers. */
  private emitTombstone(topic: TopicId, owner: Key, key: Key, timeMs: number, more?: { readonly sequence: string }): void {
    const { context } = this;
    const version = `${String(context.generation)}.${String(context.offset)}.${String(context.nextIndex())}`;
    context.emit(topic, this.partitionFor(topic, owner), { key, value: null, timeMs, headers: { version, ...more } });
  }

  /** All these topics are keyed by the profile: with as many partitions as the input the partition is the same. */
  private partitionFor(topic: TopicId, owner: Key): number {
    const { context } = this;
    const count = context.partitions(topic);
    return count === context.partitions('fragments') ? context.partition : partitionOf(owner, count);
  }
}

function causeOf(record: FragmentChangedRecord | FragmentDetachedRecord): Cause {
  const { source: partition, offset } = record;
  const messageId = record.kind === 'fragmentChanged' ? record.messageId : undefined;
  return messageId === undefined ? { topic: 'events', partition, offset } : { topic: 'events', partition, offset, messageId };
}
