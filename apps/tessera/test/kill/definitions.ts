// What the load is worked through under, and who must be a member in the end.
import { BOUGHT, LOOKED, type Deeds } from './load.js';

/** Deeds that make somebody a member of `buyers`, of `curious`: some get there, others do not. */
const BUYER = 10;
const CURIOUS = 20;
export const BRIEF_MS = 1_500;
export const DEFINITIONS = `
apiVersion: tessera/v1
kind: Feature
metadata: { name: bought }
spec: { event: ${BOUGHT}, count: {} }
---
apiVersion: tessera/v1
kind: Feature
metadata: { name: looked }
spec: { event: ${LOOKED}, count: {} }
---
apiVersion: tessera/v1
kind: Feature
metadata: { name: looked-lately }
spec: { event: ${LOOKED}, count: {}, within: 1h }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: buyers }
spec: { when: { event: ${BOUGHT}, count: { gte: ${String(BUYER)} } } }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: curious }
spec: { when: { event: ${LOOKED}, count: { gte: ${String(CURIOUS)} }, within: 1h } }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: here }
spec: { when: { event: ${LOOKED}, count: { gte: 2 }, within: ${String(BRIEF_MS)}ms } }
`;

/** Whether somebody is a member, once nobody does anything any more. */
export const SEGMENTS: Readonly<Record<string, (deeds: Deeds) => boolean>> = {
  buyers: ({ bought }) => bought >= BUYER,
  curious: ({ lookedLately }) => lookedLately >= CURIOUS,
  here: () => false,
};
