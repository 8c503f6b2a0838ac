// Who is who, why, and its reversal: questions to the documents of the graph, and the one change that people make to it.
// I1 An answer is computed by the functions of the graph stage from the same documents (libs/identity, who.ts).
// I2 An unlink is a record in `links`, like everything that links: the graph stage works through it in its place. It is answered when
//    the record is durable, and audited.
// I3 What cannot be taken back is refused with the reason and the next thing to try: nothing happens silently.
import {
  type LinkRevokedRecord,
  type Person,
  type ResolveResponse,
  type UnlinkResponse,
  type WhyResponse,
} from '@tessera/contracts';
import { partitionOf, profileId } from '@tessera/hash';
import {
  createGraphStage,
  linksKeyOf,
  nodesOfPerson,
  planUnlink,
  queryGraph,
  whoIs,
  whyIs,
  type CompiledIdentityRules,
  type Ends,
  type GraphReader,
  type JudgedLink,
  type LoadGraphDocuments,
  type UnlinkPlan,
} from '@tessera/identity';
import { ProblemException, type Audit } from '@tessera/nest';
import type { Clock, EventLog, Space, StateStore } from '@tessera/runtime';
import { formatInstant } from '@tessera/time';

export interface IdentityServiceOptions {
  readonly log: EventLog;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly audit: Audit;
  /** The rules in force. */
  readonly identityRules: (workspace: string) => CompiledIdentityRules;
  readonly secretOf: (workspace: string) => string;
}

export interface UnlinkQuestion {
  readonly a: Person;
  readonly b: Person;
  readonly note: string;
  /** Who asks for it. */
  readonly actor: string;
}

export interface UnlinkAnswer extends UnlinkResponse {
  /** Links that still lead from one to the other, as `a -- b`; empty when they are apart. */
  readonly remaining: readonly string[];
}

export class IdentityService {
  private readonly stage;

  constructor(private readonly options: IdentityServiceOptions) {
    this.stage = createGraphStage(options);
  }

  async resolve(workspace: string, person: Person): Promise<ResolveResponse> {
    if (person.profileId !== undefined) return { profile: person.profileId, nodes: [] };
    return this.ask(workspace, person, (node, rules, reader) => {
      const { strongest, nodes } = whoIs(node, rules, reader);
      return { profile: this.profileOf(workspace, strongest), nodes };
    });
  }

  async why(workspace: string, person: Person): Promise<WhyResponse> {
    if (person.profileId !== undefined) throw needsIdentity('person');
    return this.ask(workspace, person, (node, rules, reader) => {
      const { strongest, links } = whyIs(node, rules, reader);
      return { profile: this.profileOf(workspace, strongest), links: links.map(linkOf) };
    });
  }

  async unlink(workspace: string, { a, b, note, actor }: UnlinkQuestion): Promise<UnlinkAnswer> {
    const rules = this.options.identityRules(workspace);
    const plan = await queryGraph(workspace, this.loader(workspace), (reader) => {
      const one = nodesOfPerson(a, rules, reader, 'all');
      const other = nodesOfPerson(b, rules, reader, 'all');
      if (one.length === 0) throw needsIdentity('a');
      if (other.length === 0) throw needsIdentity('b');
      return planUnlink(one, other, rules, reader);
    });
    if (plan.kind !== 'revoke') throw notLinked(plan);
    await this.revoke(workspace, plan.links, actor, note);
    const revoked = plan.links.map(textOf);
    const remaining = plan.remaining.map(textOf);
    await this.options.audit.record({
      workspace,
      actor,
      action: 'identity.unlink',
      subject: revoked.join(', '),
      detail: { note, revoked, remaining },
    });
    return { revoked, remaining };
  }

  private async revoke(workspace: string, links: readonly Ends[], actor: string, note: string): Promise<void> {
    const { log, clock } = this.options;
    const key = linksKeyOf(workspace);
    const timeMs = clock.nowMs();
    await log.append(
      'links',
      this.spaceOf(workspace).partition,
      links.map(({ a, b }) => {
        const value: LinkRevokedRecord = { kind: 'linkRevoked', workspace, a, b, actor, note };
        return { key, value, timeMs };
      }),
    );
  }

  private ask<T>(
    workspace: string,
    person: Person,
    query: (node: string, rules: CompiledIdentityRules, reader: GraphReader) => T,
  ): Promise<T> {
    const rules = this.options.identityRules(workspace);
    return queryGraph(workspace, this.loader(workspace), (reader) => {
      const [node] = nodesOfPerson(person, rules, reader, 'newest');
      if (node === undefined) throw needsIdentity('person');
      return query(node, rules, reader);
    });
  }

  private loader(workspace: string): LoadGraphDocuments {
    const space = this.spaceOf(workspace);
    return async (keys) => {
      const documents = await this.options.store.load(space, keys);
      return documents.map((document) => document && this.stage.decode(document.bytes, document.key));
    };
  }

  /** One partition holds the graph of a workspace. */
  private spaceOf(workspace: string): Space {
    const partition = partitionOf(linksKeyOf(workspace), this.options.log.partitions(this.stage.input));
    return { stage: this.stage.name, partition };
  }

  private profileOf(workspace: string, strongest: string): string {
    return profileId(this.options.secretOf(workspace), strongest);
  }
}

function linkOf({ link, verdict }: JudgedLink): WhyResponse['links'][number] {
  const { a, b, evidence, timeMs, messageId } = link;
  return {
    a,
    b,
    status: verdict.kind,
    reason: verdict.kind === 'refused' ? `${verdict.refusal.rule}: ${verdict.refusal.detail}` : '',
    evidence,
    firstSeen: formatInstant(timeMs),
    messageId,
  };
}

function textOf({ a, b }: Ends): string {
  return `${a} -- ${b}`;
}

function needsIdentity(field: string): ProblemException {
  return new ProblemException('invalid-field', {
    detail: `${field}: found nothing that names an identity, allowed is a user_id, an anonymous_id or an entry of identities.`,
    field,
    allowed: 'a user_id, an anonymous_id or an entry of identities',
    next: 'name the person by an identifier that its events carry; a profile id names no identity',
  });
}

function notLinked(plan: Exclude<UnlinkPlan, { kind: 'revoke' }>): ProblemException {
  switch (plan.kind) {
    case 'same':
      return new ProblemException('conflict', {
        detail: 'Both sides name the same identity: there is no link between them to take back.',
        next: 'name two different identities of the person',
      });
    case 'apart':
      return new ProblemException('conflict', {
        detail: 'The two identities are not linked.',
        next: 'ask Why for either of them: it lists every link, the refused and revoked ones too',
      });
    case 'indirect': {
      const path = plan.path.map(textOf).join(', ');
      return new ProblemException('conflict', {
        detail: `The two identities are one person by way of others only: ${path}.`,
        found: path,
        next: 'unlink one of the pairs on this path',
      });
    }
  }
}
