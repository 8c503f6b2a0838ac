// Assignments: what the graph tells the world about nodes whose answer it has computed.
// A1 Every fragment of a node gets the answer, its own one included; every identity too; a device's anonymous id gets the answer
//    of its newest spell. Nothing is left out because it equals a default or a former answer.
// A2 The version is the cause in `links`, its index always 0: one cause answers a key once. A count of the answers would differ when a
//    record is stepped again after a crash: it may find neighbours that are ahead of it, and so other nodes to answer for.
import {
  keyOf,
  ownerOf,
  type IdentityAssignedRecord,
  type ProfileAssignedRecord,
  type TopicId,
  type Key,
} from '@tessera/contracts';
import { partitionOf, profileId } from '@tessera/hash';
import type { StepContext } from '@tessera/runtime';
import type { Component } from './graph.js';
import type { ReadNode } from './neighbourhood.js';
import { nodeOf, ownFragment } from './nodes.js';

export type AssignmentReason = 'linked' | 'unlinked' | 'rules';

export interface Answers {
  readonly workspace: string;
  readonly secret: string;
  readonly reason: AssignmentReason;
  readonly nodes: Iterable<string>;
  readonly componentOf: ReadonlyMap<string, Component>;
  readonly read: ReadNode;
  /** Newest announced spell of a device; -1 for none. */
  readonly newestSpell: (device: string) => number;
}

export function emitAnswers(answers: Answers, context: StepContext<unknown, unknown>): void {
  const profiles = new Map<string, string>();
  for (const node of [...answers.nodes].sort()) {
    const strongest = answers.componentOf.get(node)?.strongest ?? node;
    let profile = profiles.get(strongest);
    if (profile === undefined) profiles.set(strongest, (profile = profileId(answers.secret, strongest)));
    emitNode(answers, node, profile, context);
  }
}

function emitNode(answers: Answers, text: string, profile: string, context: StepContext<unknown, unknown>): void {
  const { sender, fragment } = ownFragment(text);
  assignFragment(answers, sender, fragment, profile, context);
  for (const other of [...(answers.read(text)?.senders ?? [])].sort()) {
    assignFragment(answers, other, fragment, profile, context);
  }
  const node = nodeOf(text);
  if (node.kind === 'identity') assignIdentity(answers, text, profile, context);
  else if (answers.newestSpell(node.device) === node.number) assignIdentity(answers, node.device, profile, context);
}

function assignFragment(
  { workspace, reason }: Answers,
  sender: string,
  fragment: string,
  profile: string,
  context: StepContext<unknown, unknown>,
): void {
  const value: ProfileAssignedRecord = {
    kind: 'profileAssigned',
    workspace,
    sender,
    fragment,
    profile,
    reason,
    ...versionOf(context),
  };
  emit('events', keyOf(workspace, 'sender', sender), value, context);
}

function assignIdentity({ workspace }: Answers, identity: string, profile: string, context: StepContext<unknown, unknown>): void {
  const value: IdentityAssignedRecord = { kind: 'identityAssigned', workspace, identity, profile, ...versionOf(context) };
  emit('identity-assignments', keyOf(workspace, 'identity', identity), value, context);
}

function versionOf(context: StepContext<unknown, unknown>): { generation: number; offset: number; index: number } {
  return { generation: context.generation, offset: context.offset, index: 0 };
}

function emit(
  topic: TopicId,
  key: Key,
  value: ProfileAssignedRecord | IdentityAssignedRecord,
  context: StepContext<unknown, unknown>,
): void {
  context.emit(topic, partitionOf(ownerOf(key), context.partitions(topic)), { key, value, timeMs: context.logTimeMs });
}
