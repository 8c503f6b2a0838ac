// The definition sets of a simulated world: one in force early, one that is published while people are busy.
import { compileSet, setHash, type CompiledSet, type DefinitionDocument } from '@tessera/segments';
import { WORKSPACE } from './people.js';

const segment = (name: string, when: unknown, more: Readonly<Record<string, unknown>> = {}): DefinitionDocument => ({
  apiVersion: 'tessera/v1',
  kind: 'Segment',
  metadata: { name },
  spec: { when, ...more },
});

export const VIEW_WINDOW_MS = 150;
export const BUY_WINDOW_MS = 300;
export const ABSENCE_MS = 60;
export const SEQUENCE_WINDOW_MS = 400;
/** Purchases of a lifetime: an event that is counted twice, or not, is never forgotten. */
export const BOUGHT = [1, 2, 3, 5, 8] as const;
export const VIEWED = [1, 2, 3, 5, 8] as const;

const active = { event: 'View', count: { gte: 2 }, within: `${String(VIEW_WINDOW_MS)}ms` };
const forgotten = {
  sequence: [{ event: 'Add' }, { not: { event: 'Buy' }, within: `${String(ABSENCE_MS)}ms` }],
  within: `${String(SEQUENCE_WINDOW_MS)}ms`,
};
const pro = { trait: 'plan', eq: 'pro' };

const viewed = VIEWED.map((least) => segment(`viewed-${String(least)}`, { event: 'View', count: { gte: least } }));

const FIRST: readonly DefinitionDocument[] = [
  segment('active', active),
  segment('forgotten', forgotten),
  segment('pro', pro),
  segment('spender', { event: 'Buy', sum: { of: 'properties.value', gte: 20 } }),
  segment('steady', active, { stability: { enterAfter: '10ms', exitAfter: '50ms' } }),
  ...viewed,
];

/** Drops `spender`, adds counts that need the past, and a segment of segments. */
const SECOND: readonly DefinitionDocument[] = [
  segment('active', active),
  ...BOUGHT.map((least) => segment(`bought-${String(least)}`, { event: 'Buy', count: { gte: least } })),
  segment('buyer', { event: 'Buy', count: { gte: 2 }, within: `${String(BUY_WINDOW_MS)}ms` }),
  segment('forgotten', forgotten),
  segment('pro', pro),
  segment('pro-buyer', { all: [{ segment: 'pro' }, { segment: 'buyer' }] }),
  segment('steady', active, { stability: { enterAfter: '10ms', exitAfter: '50ms' } }),
  ...viewed,
];

export const SETS: readonly CompiledSet[] = [FIRST, SECOND].map((documents, i) => {
  const compiled = compileSet(WORKSPACE, i + 1, documents);
  if (!compiled.ok) throw new Error(`the simulated definitions do not compile: ${compiled.errors[0]?.message ?? ''}`);
  if (compiled.set.hash !== setHash(documents)) throw new Error('a compiled set carries another hash than its documents');
  return compiled.set;
});

export function setOf(hash: string): CompiledSet {
  const found = SETS.find((set) => set.hash === hash);
  if (!found) throw new Error(`no simulated definition set ${hash}`);
  return found;
}
