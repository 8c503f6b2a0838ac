// I4: a set comes into force in a partition of `fragments` at the record that completes the announcements of all sources, and at
// its log time; folded here a second time, and compared with what was told.
import type { DefinitionsActivatedRecord } from '@tessera/contracts';
import type { World } from './world.js';

export function checkActivation(world: World): string[] {
  const violations: string[] = [];
  const told = new Set<string>();
  for (const { value } of world.log.records('definitions', 0)) {
    if (value?.kind === 'definitionsActivated') told.add(textOf(value));
  }
  const wanted = new Set<string>();
  for (let partition = 0; partition < world.log.partitions('fragments'); partition++) {
    for (const activated of activations(world, partition)) wanted.add(activated);
  }
  for (const text of told) if (!wanted.has(text)) violations.push(`I4 told, but not so: ${text}`);
  for (const text of wanted) if (!told.has(text)) violations.push(`I4 not told: ${text}`);
  return violations;
}

function activations(world: World, partition: number): string[] {
  const found: string[] = [];
  const sources = new Map<number, Set<number>>();
  let logTimeMs = -Infinity;
  let active = 0;
  for (const { value, stampMs } of world.log.records('fragments', partition)) {
    logTimeMs = Math.max(logTimeMs, stampMs);
    if (value?.kind !== 'definitionsReady' || value.set <= active) continue;
    const { set, source } = value;
    const ready = sources.get(set) ?? new Set();
    sources.set(set, ready.add(source));
    if (ready.size < world.log.partitions('events')) continue;
    active = set;
    found.push(textOf({ set, partition, effectiveMs: logTimeMs }));
  }
  return found;
}

function textOf({ set, partition, effectiveMs }: Pick<DefinitionsActivatedRecord, 'set' | 'partition' | 'effectiveMs'>): string {
  return `set ${String(set)} in partition ${String(partition)} at ${String(effectiveMs)}`;
}
