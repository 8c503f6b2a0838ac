// Nodes of the graph: spells and identities, as texts.
// T1 `spell:N@anonymous_id:…` is a spell, everything else is `namespace:value`; no namespace is called `spell`.
import { isDevice } from './spells.js';

export type Node =
  | { readonly kind: 'spell'; readonly number: number; readonly device: string }
  | { readonly kind: 'identity'; readonly namespace: string; readonly value: string };

const SPELL = /^spell:(\d+)@/;

export function nodeOf(text: string): Node {
  const spell = SPELL.exec(text);
  if (spell) {
    const device = text.slice(spell[0].length);
    if (isDevice(device)) return { kind: 'spell', number: Number(spell[1]), device };
  }
  const colon = text.indexOf(':');
  return { kind: 'identity', namespace: text.slice(0, colon), value: text.slice(colon + 1) };
}

export function spellNode(device: string, number: number): string {
  return `spell:${String(number)}@${device}`;
}

/** The fragment that every node has under its own name: its own anonymous events, or, for a user id, those a server sends. */
export function ownFragment(text: string): { readonly sender: string; readonly fragment: string } {
  const node = nodeOf(text);
  if (node.kind === 'spell') return { sender: node.device, fragment: `spell:${String(node.number)}` };
  return { sender: text, fragment: node.namespace === 'user_id' ? `user:${node.value}` : 'spell:0' };
}
