// What can be asked while the play runs: the four gRPC services, as a client asks them.
import type { WhoAsked } from './naive.js';

export interface AskedSlot {
  readonly content: string;
  readonly status: string;
  readonly payload: { readonly headline?: string };
  readonly reason: { readonly code: string; readonly detail: string; readonly segment?: string };
}

export interface AskedMembership {
  readonly segment: string;
  readonly enteredAt: string;
  readonly pending: boolean;
}

export interface AskedFeatures {
  readonly features: Readonly<Record<string, unknown>>;
  readonly traits: Readonly<Record<string, unknown>>;
}

export interface AskedExplanation {
  readonly member: boolean;
  readonly sentence: string;
  /** What was found at the leaves of the condition. */
  readonly found: readonly unknown[];
}

/** Calls one method of a service and answers with plain JSON. */
export type Call = (
  service: string,
  method: string,
  request: Readonly<Record<string, unknown>>,
) => Promise<Readonly<Record<string, unknown>>>;

interface ExplanationNode {
  readonly found?: unknown;
  readonly children?: readonly ExplanationNode[];
}

export class Audience {
  constructor(private readonly call: Call) {}

  async decide(who: WhoAsked, slot: string): Promise<AskedSlot> {
    const answer = await this.call('tessera.decisions.v1.DecisionService', 'Decide', { person: who, slots: [slot] });
    return (answer['slots'] as readonly AskedSlot[])[0] as AskedSlot;
  }

  async profileOf(who: WhoAsked): Promise<string> {
    return (await this.call('tessera.identity.v1.IdentityService', 'Resolve', { person: who }))['profile'] as string;
  }

  async unlink(a: WhoAsked, b: WhoAsked): Promise<readonly string[]> {
    const request = { a, b, note: 'logged in on the wrong device' };
    return (await this.call('tessera.identity.v1.IdentityService', 'Unlink', request))['revoked'] as readonly string[];
  }

  async memberships(who: WhoAsked): Promise<readonly AskedMembership[]> {
    const answer = await this.call('tessera.segments.v1.SegmentService', 'GetMemberships', { person: who });
    return [...(answer['memberships'] as readonly AskedMembership[])].sort((a, b) => (a.segment < b.segment ? -1 : 1));
  }

  async members(segment: string): Promise<readonly string[]> {
    const profiles: string[] = [];
    let pageToken = '';
    do {
      const page = await this.call('tessera.segments.v1.SegmentService', 'ListMembers', { segment, pageSize: 100, pageToken });
      profiles.push(...(page['profiles'] as readonly string[]));
      pageToken = page['nextPageToken'] as string;
    } while (pageToken !== '');
    return profiles.sort();
  }

  async features(who: WhoAsked): Promise<AskedFeatures> {
    const answer = await this.call('tessera.features.v1.FeatureService', 'GetFeatures', { person: who });
    const features = answer['features'] as readonly { readonly name: string; readonly value: unknown }[];
    const values = features.map(({ name, value }) => [name, value ?? null] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    return { features: Object.fromEntries(values), traits: (answer['traits'] ?? {}) as Readonly<Record<string, unknown>> };
  }

  async explain(who: WhoAsked, segment: string): Promise<AskedExplanation> {
    const answer = await this.call('tessera.segments.v1.SegmentService', 'Explain', { person: who, segment });
    const { member, sentence, explanation } = answer as unknown as {
      member: boolean;
      sentence: string;
      explanation: ExplanationNode;
    };
    return { member, sentence, found: leaves(explanation).map(({ found }) => found) };
  }
}

function leaves(node: ExplanationNode): readonly ExplanationNode[] {
  return node.children && node.children.length > 0 ? node.children.flatMap(leaves) : [node];
}
