// Graphs drawn straight into node documents, for sizes that would take long to reach record by record.
import { copyOfNode, observeLink } from '../src/graph-documents.js';
import type { NodeDocument, ReadNode } from '../src/index.js';
import { WORKSPACE } from './world.js';

export interface Drawn {
  readonly a: string;
  readonly b: string;
  readonly strength?: number;
  readonly timeMs?: number;
}

export const user = (i: number): string => `user_id:u${String(i)}`;
export const email = (i: number): string => `email:e${String(i)}@shop.io`;

export class Drawing {
  readonly documents = new Map<string, NodeDocument>();
  reads = 0;
  readonly read: ReadNode = (node) => {
    this.reads++;
    return this.documents.get(node);
  };

  link({ a, b, strength = 2, timeMs = 1 }: Drawn): void {
    for (const [node, other] of [
      [a, b],
      [b, a],
    ] as const) {
      const document = this.documents.get(node) ?? copyOfNode(undefined, WORKSPACE, node);
      this.documents.set(node, document);
      observeLink(document, other, { evidence: 'shared', strength, timeMs, messageId: `${a} ${b}` });
    }
  }
}

/** u0 - e0 - u1 - e1 - ... : every second link is refused, all hang together. */
export function chain(users: number, drawing = new Drawing(), first = 0): Drawing {
  for (let i = first; i < first + users; i++) {
    drawing.link({ a: email(i), b: user(i), timeMs: i });
    if (i > first) drawing.link({ a: email(i - 1), b: user(i), timeMs: 100_000 + i });
    drawing.link({ a: `spell:0@anonymous_id:d${String(i)}`, b: user(i), strength: 1, timeMs: i });
  }
  return drawing;
}
