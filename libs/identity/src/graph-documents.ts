// Documents of the graph stage: a node's own links, and the newest spell of a device.
// N1 A node's document holds its own links and senders only, each a set element: the document is a function of the set of records,
//    not of their order. Of several observations of a pair the strongest and earliest counts.
// N2 A revocation holds until a link is restored, whatever is observed in between.
// N3 Bounds: the 1,000 strongest links that are not revoked, and the 1,000 least senders. A link counts when both its nodes hold
//    it, so what one of them had no room for is refused, not half accepted.
import { Reader, type Writer } from '@tessera/codec';
import { keyOf, partsOf, type Key } from '@tessera/contracts';

const FORM = 1;
const KIND = { node: 0, device: 1 } as const;
export const NODE_LINKS_MAX = 1_000;
const SENDERS_MAX = 1_000;

export interface Evidence {
  readonly evidence: string;
  /** Lower is stronger. */
  readonly strength: number;
  readonly timeMs: number;
  readonly messageId: string;
}

export interface StoredLink extends Evidence {
  readonly revoked: boolean;
}

export interface NodeDocument {
  readonly kind: 'node';
  readonly workspace: string;
  readonly node: string;
  /** By the other node. */
  readonly links: Map<string, StoredLink>;
  /** Senders, beside its own, that have a fragment of this node. */
  readonly senders: Set<string>;
}

export interface DeviceDocument {
  readonly kind: 'device';
  /** Newest spell that was announced; -1 for none. */
  newestSpell: number;
}

export type GraphDocument = NodeDocument | DeviceDocument;

export function nodeKey(workspace: string, node: string): Key {
  return keyOf(workspace, 'node', node);
}

export function deviceKey(workspace: string, device: string): Key {
  return keyOf(workspace, 'device', device);
}

export function createGraphDocument(key: Key): GraphDocument {
  const { workspace, kind, id } = partsOf(key);
  if (kind === 'device') return { kind: 'device', newestSpell: -1 };
  return { kind: 'node', workspace, node: id, links: new Map(), senders: new Set() };
}

/** A copy that may be changed without changing the original; a new document where there is none. */
export function copyOfNode(document: NodeDocument | undefined, workspace: string, node: string): NodeDocument {
  return { kind: 'node', workspace, node, links: new Map(document?.links), senders: new Set(document?.senders) };
}

/** Strength, then time, then message id. */
export function compareEvidence(a: Evidence, b: Evidence): number {
  return a.strength - b.strength || a.timeMs - b.timeMs || compareText(a.messageId, b.messageId);
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** True when the document changed. */
export function observeLink(document: NodeDocument, other: string, evidence: Evidence): boolean {
  const present = document.links.get(other);
  if (present !== undefined && compareEvidence(present, evidence) <= 0) return false;
  document.links.set(other, { ...evidence, revoked: present?.revoked ?? false });
  return present !== undefined || evictWeakest(document) !== other;
}

/** True when the document changed. */
export function setRevoked(document: NodeDocument, other: string, revoked: boolean): boolean {
  const present = document.links.get(other);
  if (present === undefined || present.revoked === revoked) return false;
  document.links.set(other, { ...present, revoked });
  return true;
}

/** True when the document changed. */
export function addSender(document: NodeDocument, sender: string): boolean {
  const { senders } = document;
  if (senders.has(sender)) return false;
  senders.add(sender);
  if (senders.size <= SENDERS_MAX) return true;
  const greatest = [...senders].reduce((a, b) => (a < b ? b : a));
  senders.delete(greatest);
  return greatest !== sender;
}

function evictWeakest({ links }: NodeDocument): string | undefined {
  if (links.size <= NODE_LINKS_MAX) return undefined;
  let weakest: string | undefined;
  let held = 0;
  for (const [other, link] of links) {
    if (link.revoked) continue;
    held++;
    const former = weakest === undefined ? undefined : links.get(weakest);
    if (weakest === undefined || former === undefined) weakest = other;
    else if ((compareEvidence(link, former) || compareText(other, weakest)) > 0) weakest = other;
  }
  if (held <= NODE_LINKS_MAX || weakest === undefined) return undefined;
  links.delete(weakest);
  return weakest;
}

export function encodeGraphDocument(writer: Writer, document: GraphDocument): Uint8Array {
  writer.byte(FORM);
  writer.byte(KIND[document.kind]);
  if (document.kind === 'device') writer.uint(document.newestSpell + 1);
  else {
    writer.uint(document.links.size);
    for (const [other, link] of [...document.links].sort(([a], [b]) => compareText(a, b))) writeLink(writer, other, link);
    writer.uint(document.senders.size);
    for (const sender of [...document.senders].sort()) writer.string(sender);
  }
  return writer.take();
}

function writeLink(writer: Writer, other: string, link: StoredLink): void {
  writer.string(other);
  writer.string(link.evidence);
  writer.uint(link.strength);
  writer.int(link.timeMs);
  writer.string(link.messageId);
  writer.bool(link.revoked);
}

export function decodeGraphDocument(bytes: Uint8Array, key: Key): GraphDocument {
  const reader = new Reader(bytes);
  const form = reader.byte();
  if (form !== FORM) throw new RangeError(`graph document of form ${String(form)}; this release reads ${String(FORM)}`);
  const document = createGraphDocument(key);
  if (reader.byte() !== KIND[document.kind]) throw new RangeError(`graph document ${key} is of another kind`);
  if (document.kind === 'device') document.newestSpell = reader.uint() - 1;
  else {
    for (let left = reader.uint(); left > 0; left--) document.links.set(reader.string(), readLink(reader));
    for (let left = reader.uint(); left > 0; left--) document.senders.add(reader.string());
  }
  return document;
}

function readLink(reader: Reader): StoredLink {
  return {
    evidence: reader.string(),
    strength: reader.uint(),
    timeMs: reader.int(),
    messageId: reader.string(),
    revoked: reader.bool(),
  };
}
