// A small shop: its active definition set, and people in its read model, written as the loops write them.
import { type AnyRecord, type Key, keyOf, ownerOf } from '@tessera/contracts';
import { type DecisionDefinitions, READ_MODEL_STAGES } from '@tessera/decisions';
import { partitionOf } from '@tessera/hash';
import type { StateStore } from '@tessera/runtime';
import type { DefinitionDocument } from '@tessera/segments';
import { PARTITIONS } from './fakes.js';

export const SECRET = 'secret of the shop';
export const ENTERED = '2026-01-05T09:30:00.000Z';

const CONTENTS = {
  'ten-off': {
    headline: "Hi {{ traits.firstName | default: 'there' }}, 10 % off",
    href: '/cart',
    tags: ['{{ context.page }}', 1, true, null],
  },
  'standard-hero': { headline: 'Welcome', columns: 2 },
};
const SLOTS = {
  'home-hero': { rules: [{ segment: 'cart-abandoners', content: 'ten-off' }], fallback: 'standard-hero' },
  sidebar: { rules: [{ segment: 'cart-abandoners', content: 'ten-off' }] },
};

export const SHOP: DecisionDefinitions = {
  set: 3,
  hash: 'hash-3',
  segments: [{ name: 'cart-abandoners' }],
  documents: new Map([
    [
      'Content',
      documentsOf('Content', Object.fromEntries(Object.entries(CONTENTS).map(([name, payload]) => [name, { payload }]))),
    ],
    ['Slot', documentsOf('Slot', SLOTS)],
  ]),
};

function documentsOf(kind: string, specs: Readonly<Record<string, Record<string, unknown>>>): Map<string, DefinitionDocument> {
  return new Map(
    Object.entries(specs).map(([name, spec]) => [name, { apiVersion: 'tessera/v1', kind, metadata: { name }, spec }]),
  );
}

let offset = 0;

/** Steps the record through its stage and writes the document. */
export async function applied(store: StateStore, key: Key, value: AnyRecord): Promise<void> {
  const stage = READ_MODEL_STAGES.find(({ input }) => input === TOPIC_OF[value.kind]);
  if (stage === undefined) throw new Error(`no stage of the read model takes ${value.kind}`);
  offset++;
  const document = stage.create(key) as never;
  stage.step(document, { offset, stampMs: 0, key, value }, undefined as never);
  const space = { stage: stage.name, partition: partitionOf(ownerOf(key), PARTITIONS) };
  await store.write(space, [{ key, lastOffset: offset, dueMs: Infinity, jobOwed: false, bytes: stage.encode(document).slice() }]);
}

const TOPIC_OF: Partial<Record<AnyRecord['kind'], string>> = {
  identityAssigned: 'identity-assignments',
  segmentMembership: 'segment-memberships',
  profileFeatures: 'profile-features',
};

export async function assigned(store: StateStore, identity: string, profile: string): Promise<void> {
  const value = {
    kind: 'identityAssigned',
    workspace: 'shop',
    identity,
    profile,
    generation: 0,
    offset: ++offset,
    index: 0,
  } as const;
  await applied(store, keyOf('shop', 'identity', identity), value);
}

export async function entered(store: StateStore, profile: string, segment: string): Promise<void> {
  await applied(store, keyOf('shop', 'profile', profile, segment), {
    kind: 'segmentMembership', workspace: 'shop', profile, segment, enteredAt: ENTERED, sequence: 1, generation: 0, offset: ++offset, index: 0,
    effective: ENTERED, pending: false,
  }); // prettier-ignore
}

export async function named(store: StateStore, profile: string, firstName: string): Promise<void> {
  await applied(store, keyOf('shop', 'profile', profile), {
    kind: 'profileFeatures', workspace: 'shop', profile, generation: 0, offset: ++offset, index: 0, asOf: ENTERED, features: {},
    traits: { firstName }, approximate: [], consent: {},
  }); // prettier-ignore
}
