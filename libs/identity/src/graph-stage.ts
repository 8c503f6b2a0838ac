// The graph stage: folds `links`, one partition per workspace, into node documents and answers who is who.
// F1 A record changes the documents of its own nodes (and of their devices) and no others.
// F2 Everything is read and decided on copies first; documents change at the end, those that are not ahead.
// F3 A record that changes something answers for every node of the candidate components it touched, before and after; one that
//    changes nothing emits nothing.
// F4 Rules that may change the graph reach dormant people too: the control record makes every node due, and each node asks, by a
//    record in `links`, for its own answer under the new rules. So nothing changes without a record, and no step reads the world.
import { Writer } from '@tessera/codec';
import type {
  DefinitionsPublishedRecord,
  LinkObservedRecord,
  LinkRestoredRecord,
  LinkRevokedRecord,
  LinksRecord,
} from '@tessera/contracts';
import { APPLIED, type ControlContext, type GraphContext, type Outcome, type Stage, type StepContext } from '@tessera/runtime';
import { emitAnswers, type AssignmentReason } from './assignments.js';
import {
  addSender,
  copyOfNode,
  createGraphDocument,
  decodeGraphDocument,
  deviceKey,
  encodeGraphDocument,
  nodeKey,
  observeLink,
  setRevoked,
  type GraphDocument,
  type NodeDocument,
} from './graph-documents.js';
import { graphStateCodec, type GraphState } from './graph-state.js';
import { linksKeyOf, RULES_CHANGED } from './links.js';
import { isolationOf, neighbourhoodOf, reachOf, type ReadNode } from './neighbourhood.js';
import { nodeOf } from './nodes.js';
import { DEFAULT_IDENTITY_RULES, type CompiledIdentityRules } from './rules.js';

/** What the graph needs of a compiled definition set. */
export interface GraphDefinitions {
  readonly identityRules?: CompiledIdentityRules;
}

export interface GraphOptions {
  /** Secret of a workspace, from configuration. */
  readonly secretOf: (workspace: string) => string;
}

export type GraphStage = Stage<GraphDocument, GraphDefinitions, GraphState>;
type Context = GraphContext<GraphDocument, GraphDefinitions, GraphState>;
type LinkRecord = LinkObservedRecord | LinkRevokedRecord | LinkRestoredRecord;
/** Changes one node's document by a record; true when it changed. */
type Change = (document: NodeDocument, other: string) => boolean;

const KNOWN: Outcome = { kind: 'drop', reason: 'already-linked' };
const NOT_LINKED: Outcome = { kind: 'drop', reason: 'not-linked' };
const SEEN: Outcome = { kind: 'drop', reason: 'set-already-seen' };

export function createGraphStage({ secretOf }: GraphOptions): GraphStage {
  const writer = new Writer();
  return {
    name: 'graph',
    input: 'links',
    ownsTicks: false,
    partitionState: graphStateCodec(writer),
    keyOf: ({ value }) => (value !== null && 'a' in value ? nodeKey(value.workspace, value.a) : undefined),
    create: createGraphDocument,
    encode: (document) => encodeGraphDocument(writer, document),
    decode: decodeGraphDocument,
    dueMs: () => Infinity,
    step: () => {
      throw new Error('the graph steps many documents');
    },
    stepGraph: (record, context) => stepLink(record.value as LinkRecord, secretOf, context),
    fire: askAgain,
    control: (record, context) => control(record.value as LinksRecord | null, context),
    definitionsNeededBy: ({ value }) =>
      value?.kind === 'definitionsPublished' ? [{ workspace: value.workspace, hash: value.hash }] : [],
    definitionsInForce: (state) => [...state].map(([workspace, { hash }]) => ({ workspace, hash })),
  };
}

function stepLink(record: LinkRecord, secretOf: GraphOptions['secretOf'], context: Context): Outcome {
  const { workspace, a, b } = record;
  const rules = rulesOf(workspace, context);
  const before = readerOf(workspace, context);
  const nodes = a === b ? [a] : [a, b];
  const change = changeOf(record);
  const copies = new Map(nodes.map((node) => [node, copyOfNode(before(node), workspace, node)]));
  const changed = nodes.filter((node) => change(copies.get(node) as NodeDocument, node === a ? b : a));
  const after: ReadNode = (node) => copies.get(node) ?? before(node);

  const request = a === b && record.kind === 'linkObserved' && record.evidence === RULES_CHANGED;
  const newer = newerSpells(record.kind === 'linkObserved' ? nodes : [], workspace, context);
  if (changed.length === 0 && newer.size === 0 && !request) return record.kind === 'linkObserved' ? KNOWN : NOT_LINKED;
  // A node paired with itself touches nobody else: it asks for its own answer.
  const touched = a === b ? new Set(nodes) : touchedBy(nodes, before, after, rules);
  const { nodes: reached, componentOf } = neighbourhoodOf(after, touched, rules);
  const answering = a === b ? touched : reached;
  const newest = newestSpells(answering, newer, workspace, context);

  for (const node of changed) {
    const document = context.change(nodeKey(workspace, node));
    if (document?.kind === 'node') change(document, node === a ? b : a);
  }
  for (const [device, number] of newer) {
    const document = context.change(deviceKey(workspace, device));
    if (document?.kind === 'device') document.newestSpell = number;
  }
  const newestSpell = (device: string): number => newest.get(device) ?? -1;
  const reason = reasonOf(record);
  emitAnswers(
    { workspace, secret: secretOf(workspace), reason, nodes: answering, componentOf, read: after, newestSpell },
    context,
  );
  return APPLIED;
}

function rulesOf(workspace: string, context: StepContext<GraphDefinitions, GraphState>): CompiledIdentityRules {
  const inForce = context.state.get(workspace);
  if (inForce === undefined) return DEFAULT_IDENTITY_RULES;
  return context.definitions(workspace, inForce.hash).identityRules ?? DEFAULT_IDENTITY_RULES;
}

function readerOf(workspace: string, context: Context): ReadNode {
  return (node) => context.read(nodeKey(workspace, node)) as NodeDocument | undefined;
}

function changeOf(record: LinkRecord): Change {
  if (record.kind !== 'linkObserved') return (document, other) => setRevoked(document, other, record.kind === 'linkRevoked');
  const { a, b, evidence, strength, timeMs, messageId, fragments } = record;
  return (document, other) => {
    let changed = a !== b && observeLink(document, other, { evidence, strength, timeMs, messageId });
    for (const { sender, node } of fragments) {
      // Only a user's node has fragments under other senders; every node has the one under its own name.
      if (node === document.node && node.startsWith('user_id:') && sender !== node) {
        changed = addSender(document, sender) || changed;
      }
    }
    return changed;
  };
}

/** Seeds of the components that may change: the former neighbourhood, and what a node conducted before or conducts now. */
function touchedBy(nodes: readonly string[], before: ReadNode, after: ReadNode, rules: CompiledIdentityRules): Set<string> {
  const touched = new Set(nodes);
  for (const node of nodes) {
    const was = isolationOf(node, before(node), rules) !== undefined;
    if (was !== (isolationOf(node, after(node), rules) !== undefined)) {
      for (const other of after(node)?.links.keys() ?? []) touched.add(other);
    }
  }
  for (const node of reachOf(before, touched, rules)) touched.add(node);
  return touched;
}

/** Devices of the record's own spells that did not have such a new one yet. */
function newerSpells(nodes: readonly string[], workspace: string, context: Context): Map<string, number> {
  const newer = new Map<string, number>();
  for (const text of nodes) {
    const node = nodeOf(text);
    if (node.kind !== 'spell') continue;
    const known = newer.get(node.device) ?? newestSpellOf(node.device, workspace, context);
    if (node.number > known) newer.set(node.device, node.number);
  }
  return newer;
}

/** Newest spell of every device among the nodes. */
function newestSpells(
  nodes: Iterable<string>,
  newer: ReadonlyMap<string, number>,
  workspace: string,
  context: Context,
): Map<string, number> {
  const newest = new Map(newer);
  for (const text of nodes) {
    const node = nodeOf(text);
    if (node.kind === 'spell' && !newest.has(node.device)) {
      newest.set(node.device, newestSpellOf(node.device, workspace, context));
    }
  }
  return newest;
}

function newestSpellOf(device: string, workspace: string, context: Context): number {
  const document = context.read(deviceKey(workspace, device));
  return document?.kind === 'device' ? document.newestSpell : -1;
}

function reasonOf(record: LinkRecord): AssignmentReason {
  if (record.kind === 'linkRevoked') return 'unlinked';
  return record.kind === 'linkObserved' && record.evidence === RULES_CHANGED ? 'rules' : 'linked';
}

function control(record: LinksRecord | null, context: ControlContext<GraphDefinitions, GraphState>): Outcome {
  return record?.kind === 'definitionsPublished' ? activate(record, context) : APPLIED;
}

function activate(
  { workspace, set, hash }: DefinitionsPublishedRecord,
  context: ControlContext<GraphDefinitions, GraphState>,
): Outcome {
  const present = context.state.get(workspace);
  if (present !== undefined && set <= present.set) return SEEN;
  const former = rulesOf(workspace, context).graphHash;
  context.state.set(workspace, { set, hash });
  if (rulesOf(workspace, context).graphHash !== former) context.makeAllDue(workspace);
  return APPLIED;
}

/** Called for every document when the rules have changed. */
function askAgain(document: GraphDocument, _untilMs: number, context: StepContext<GraphDefinitions, GraphState>): void {
  if (document.kind !== 'node' || document.links.size + document.senders.size === 0) return;
  const { workspace, node } = document;
  const value: LinkObservedRecord = {
    kind: 'linkObserved',
    workspace,
    a: node,
    b: node,
    evidence: RULES_CHANGED,
    strength: 0,
    timeMs: context.logTimeMs,
    messageId: '',
    fragments: [],
  };
  context.emit('links', context.partition, { key: linksKeyOf(workspace), value, timeMs: context.logTimeMs });
}
