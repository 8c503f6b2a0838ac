// Definitions and profiles for tests: the documents of the public page on definitions, and a view over plain values.
import { readerOf, type Partial_ } from '@tessera/features';
import { compileSet } from '../../src/compile.js';
import type { CompiledSegment, CompiledSet, DefinitionDocument, ProfileView } from '../../src/compiled.js';
import { parseDefinitions } from '../../src/language/text.js';

export const SHOP = `
apiVersion: tessera/v1
kind: Segment
metadata: { name: cart-abandoners, title: Cart abandoners, owner: growth, taxonomy: Behaviour / Cart, labels: { channel: email } }
spec:
  when:
    all:                                        # all, any, not nest freely
      - event: Product Viewed                   # an event condition: count defaults to { gte: 1 }
        where: { properties.category: { in: [shoes, apparel] }, properties.price: { gte: 20 } }
        count: { gte: 3 }
        within: 24h                             # lookback (t-w, t]; also since: DATE, or none for lifetime
      - event: Order Completed
        sum: { of: properties.revenue, gte: 100 }   # count, sum, min, max, mean, distinct; one or several
        within: 90d
      - sequence:                               # steps in order; a \`not\` step is absence
          - event: Product Added
          - not: { event: Order Completed }
            within: 30m                         # of the step before
        within: 7d
      - trait: address.country                  # a value condition
        in: [US, CA]
      - feature: revenue-90d
        gt: 100
      - segment: newsletter-readers
  stability: { enterAfter: 0s, exitAfter: 30m }
  unknown: exclude                              # membership when the answer is neither true nor false
---
apiVersion: tessera/v1
kind: Feature
metadata: { name: revenue-90d }                 # an event condition without a comparison; or \`trait: PATH\`
spec: { event: Order Completed, sum: { of: properties.revenue }, within: 90d }      # also first and last: { of: … }
---
apiVersion: tessera/v1
kind: Content
metadata: { name: ten-off }
spec: { payload: { headline: "Hi {{ traits.firstName | default: 'there' }}, 10 % off", href: /cart } }
---
apiVersion: tessera/v1
kind: Content
metadata: { name: standard-hero }
spec: { payload: { headline: Welcome } }
---
apiVersion: tessera/v1
kind: Slot
metadata: { name: home-hero }
spec:
  rules: [ { segment: cart-abandoners, content: ten-off } ]   # first that applies wins
  fallback: standard-hero
---
apiVersion: tessera/v1
kind: IdentityRules
metadata: { name: default }
spec:
  namespaces:
    user_id: { from: [userId], unique: true, priority: 1 }
    email: { from: [traits.email, context.traits.email], normalize: email, limit: 5, priority: 2 }
  blocked: { values: ["null", "undefined", "anonymous", "-1"], patterns: ["^0+$"] }
---
apiVersion: tessera/v1
kind: Segment
metadata: { name: newsletter-readers }
spec: { when: { event: Newsletter Opened } }
`;

export function segment(name: string, when: unknown, more: Readonly<Record<string, unknown>> = {}): DefinitionDocument {
  return { apiVersion: 'tessera/v1', kind: 'Segment', metadata: { name }, spec: { when, ...more } };
}

export function feature(name: string, spec: Readonly<Record<string, unknown>>): DefinitionDocument {
  return { apiVersion: 'tessera/v1', kind: 'Feature', metadata: { name }, spec };
}

/** Compiles documents that must compile. */
export function compiled(...documents: readonly DefinitionDocument[]): CompiledSet {
  const outcome = compileSet('shop', 1, documents);
  if (!outcome.ok) throw new Error(outcome.errors.map(({ message }) => message).join('\n'));
  return outcome.set;
}

export function parsed(text: string): readonly DefinitionDocument[] {
  const { documents, errors } = parseDefinitions(text, 'test.yaml');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  return documents;
}

/** The one segment of a condition, and the ids of its slots in the order of the plan. */
export function one(when: unknown, ...others: readonly DefinitionDocument[]): CompiledSegment {
  const found = compiled(segment('subject', when), ...others).segments.find(({ name }) => name === 'subject');
  if (found === undefined) throw new Error('the subject is not in the set');
  return found;
}

export interface Known {
  readonly partials?: Readonly<Record<string, Partial_>>;
  readonly traits?: Readonly<Record<string, unknown>>;
  readonly members?: readonly string[];
}

export function viewOf({ partials = {}, traits = {}, members = [] }: Known): ProfileView {
  return {
    value: (slot) => readerOf(slot)(partials[slot.id]),
    partial: (id) => partials[id],
    trait: (name) => traits[name],
    member: (name) => members.includes(name),
  };
}
