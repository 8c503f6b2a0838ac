// Reading the graph's documents for a query.
// Q1 A query is a pure function of what it reads. It asks synchronously; what is not there yet is loaded, with its neighbours in
//    one go, and the query starts again: no query knows of promises.
// Q2 It terminates: every round loads at least one document that it had not read.
import type { Key } from '@tessera/contracts';
import { deviceKey, nodeKey, type GraphDocument, type NodeDocument } from './graph-documents.js';

export interface GraphReader {
  node(node: string): NodeDocument | undefined;
  /** Newest announced spell of a device; -1 for none. */
  newestSpell(device: string): number;
}

/** In the order of the keys; undefined where there is none. */
export type LoadGraphDocuments = (keys: readonly Key[]) => Promise<readonly (GraphDocument | undefined)[]>;

export async function queryGraph<T>(workspace: string, load: LoadGraphDocuments, query: (reader: GraphReader) => T): Promise<T> {
  const held = new Map<Key, GraphDocument | undefined>();
  const get = (key: Key): GraphDocument | undefined => {
    if (!held.has(key)) throw new Missing(key);
    return held.get(key);
  };
  const reader: GraphReader = {
    node: (node) => get(nodeKey(workspace, node)) as NodeDocument | undefined,
    newestSpell: (device) => {
      const document = get(deviceKey(workspace, device));
      return document?.kind === 'device' ? document.newestSpell : -1;
    },
  };
  for (;;) {
    try {
      return query(reader);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
      await loadWithNeighbours(workspace, error.key, load, held);
    }
  }
}

class Missing extends Error {
  constructor(readonly key: Key) {
    super(`${key} is not loaded`);
  }
}

async function loadWithNeighbours(
  workspace: string,
  key: Key,
  load: LoadGraphDocuments,
  held: Map<Key, GraphDocument | undefined>,
): Promise<void> {
  const [found] = await load([key]);
  held.set(key, found);
  if (found?.kind !== 'node') return;
  const keys = [...found.links.keys()].map((other) => nodeKey(workspace, other)).filter((other) => !held.has(other));
  const documents = await load(keys);
  keys.forEach((other, index) => held.set(other, documents[index]));
}
