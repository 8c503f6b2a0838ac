// A small world for specifications: both stages over one partition of each log, written plainly. Documents go through their
// codec at every step when `reload` is set, so that nothing may depend on what only memory holds.
import {
  compareVersions,
  keyOf,
  type EventsRecord,
  type Key,
  type LinksRecord,
  type TrackedRecord,
  type Version,
} from '@tessera/contracts';
import { hash53, profileId } from '@tessera/hash';
import type { GraphContext, LogRecord, NewRecord, Outcome, StepContext } from '@tessera/runtime';
import {
  createGraphStage,
  createIdentityStage,
  DEFAULT_IDENTITY_RULES,
  fragmentId,
  linksKeyOf,
  nodeOfFragment,
  resolveIdentities,
  type CompiledIdentityRules,
  type GraphDefinitions,
  type GraphDocument,
  type GraphState,
  type SenderIdentity,
} from '../src/index.js';

export const WORKSPACE = 'shop';
export const SECRET = 'secret of the shop';
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 0, 5, 9);

export interface Call {
  readonly type?: string;
  readonly anonymousId?: unknown;
  readonly userId?: unknown;
  readonly traits?: Readonly<Record<string, unknown>>;
  /** Own time; default: now. */
  readonly at?: number;
  readonly messageId?: string;
}

interface Held {
  document: GraphDocument;
  lastOffset: number;
}

interface Assigned {
  readonly profile: string;
  readonly reason: string;
  readonly version: Version;
}

export const profileOf = (node: string): string => profileId(SECRET, node);

let serial = 0;

export function trackedOf(call: Call, nowMs: number, rules = DEFAULT_IDENTITY_RULES): TrackedRecord | undefined {
  const { sender, userId, anonymousId, identities } = resolveIdentities(call, rules);
  if (sender === undefined) return undefined;
  const messageId = call.messageId ?? `m${String(++serial).padStart(6, '0')}`;
  return {
    kind: 'tracked',
    workspace: WORKSPACE,
    sender,
    messageId,
    messageHash: hash53(messageId),
    type: call.type ?? 'track',
    event: 'Product Viewed',
    userId,
    anonymousId,
    identities,
    timeMs: Math.min(call.at ?? nowMs, nowMs),
    receivedMs: nowMs,
    properties: undefined,
    traits: call.traits,
    context: undefined,
    consent: undefined,
    source: 'test',
  };
}

export class World {
  nowMs = START;
  readonly events: LogRecord[] = [];
  readonly links: LogRecord[] = [];
  readonly fragments = new Map<string, Assigned>();
  readonly identities = new Map<string, Assigned>();
  readonly outcomes: Outcome[] = [];
  /** Outputs of the record stepped last. */
  emitted: NewRecord[] = [];
  readonly senders = new Map<Key, SenderIdentity>();
  readonly graph = new Map<Key, Held>();
  readonly state: GraphState = new Map();
  readonly identityStage = createIdentityStage();
  readonly graphStage = createGraphStage({ secretOf: () => SECRET });
  readonly ruleSets = new Map<string, GraphDefinitions>();

  constructor(private readonly reload = false) {}

  get rules(): CompiledIdentityRules {
    const inForce = this.state.get(WORKSPACE);
    return this.ruleSets.get(inForce?.hash ?? '')?.identityRules ?? DEFAULT_IDENTITY_RULES;
  }

  send(call: Call): TrackedRecord | undefined {
    const value = trackedOf(call, this.nowMs, this.rules);
    if (value !== undefined) this.append(value);
    return value;
  }

  append(value: EventsRecord): Outcome {
    const sender = value.kind === 'tracked' ? value.sender : '';
    this.events.push({ offset: this.events.length, stampMs: this.nowMs, key: keyOf(WORKSPACE, 'sender', sender), value });
    return this.stepEvent(this.events.at(-1) as LogRecord);
  }

  appendLink(value: LinksRecord): Outcome {
    this.links.push({ offset: this.links.length, stampMs: this.nowMs, key: linksKeyOf(WORKSPACE), value });
    return this.stepLinks();
  }

  unlink(a: string, b: string): Outcome {
    const [low, high] = a < b ? [a, b] : [b, a];
    return this.appendLink({ kind: 'linkRevoked', workspace: WORKSPACE, a: low, b: high, actor: 'test', note: '' });
  }

  relink(a: string, b: string): Outcome {
    const [low, high] = a < b ? [a, b] : [b, a];
    return this.appendLink({ kind: 'linkRestored', workspace: WORKSPACE, a: low, b: high, actor: 'test', note: '' });
  }

  publish(set: number, identityRules: CompiledIdentityRules): Outcome {
    const hash = `set-${String(set)}`;
    this.ruleSets.set(hash, { identityRules });
    return this.appendLink({ kind: 'definitionsPublished', workspace: WORKSPACE, set, hash, evaluator: 1 });
  }

  /** Profile of a fragment: what the graph said last, else that of its own node. */
  profile(sender: string, fragment: string): string {
    return this.fragments.get(fragmentId(sender, fragment))?.profile ?? profileOf(nodeOfFragment(sender, fragment));
  }

  node(node: string): GraphDocument | undefined {
    return this.graph.get(keyOf(WORKSPACE, 'node', node))?.document;
  }

  private stepEvent(record: LogRecord): Outcome {
    const stage = this.identityStage;
    const key = stage.keyOf(record);
    let document = key === undefined ? stage.create(record.key) : (this.senders.get(key) ?? stage.create(key));
    if (this.reload) document = stage.decode(stage.encode(document).slice(), record.key);
    if (key !== undefined) this.senders.set(key, document);
    const context = this.context(record, (topic, value) => {
      if (topic !== 'links') throw new Error(`identity emits to ${topic}`);
      this.links.push({ offset: this.links.length, stampMs: this.nowMs, key: value.key, value: value.value });
    });
    const outcome =
      key === undefined
        ? stage.control(record, { ...context, makeAllDue: () => undefined } as never)
        : stage.step(document, record, context as never);
    this.outcomes.push(outcome);
    this.stepLinks();
    return outcome;
  }

  private stepped = 0;

  private stepLinks(): Outcome {
    let outcome: Outcome = { kind: 'applied' };
    while (this.stepped < this.links.length) {
      const record = this.links[this.stepped++] as LogRecord;
      this.emitted = [];
      outcome = stepGraphRecord(this, record, (topic, value) => this.receive(topic, value));
    }
    return outcome;
  }

  receive(topic: string, record: NewRecord): void {
    this.emitted.push(record);
    const { value } = record;
    if (value?.kind === 'linkObserved')
      this.links.push({ offset: this.links.length, stampMs: this.nowMs, key: record.key, value });
    else if (value?.kind === 'profileAssigned') keep(this.fragments, fragmentId(value.sender, value.fragment), value);
    else if (value?.kind === 'identityAssigned') keep(this.identities, value.identity, { ...value, reason: '' });
    else throw new Error(`graph emits ${String(value?.kind)} to ${topic}`);
  }

  context(record: LogRecord, emit: (topic: string, value: NewRecord) => void): StepContext<GraphDefinitions, GraphState> {
    let index = 0;
    return {
      partition: 0,
      offset: record.offset,
      stampMs: record.stampMs,
      logTimeMs: record.stampMs,
      generation: 1,
      state: this.state,
      definitions: (_workspace, hash) => this.ruleSets.get(hash) ?? {},
      partitions: () => 1,
      nextIndex: () => index++,
      emit: (topic, _partition, value) => {
        emit(topic, value);
      },
    };
  }

  document(key: Key): Held {
    const { graphStage: stage, graph } = this;
    let held = graph.get(key);
    if (held === undefined) graph.set(key, (held = { document: stage.create(key), lastOffset: -1 }));
    else if (this.reload) held.document = stage.decode(stage.encode(held.document).slice(), key);
    return held;
  }
}

/** One record of `links`, as the loop would step it: documents at or ahead of the record are not changed. */
export function stepGraphRecord(world: World, record: LogRecord, emit: (topic: string, value: NewRecord) => void): Outcome {
  const { graphStage: stage, graph } = world;
  const context = world.context(record, emit);
  if (stage.keyOf(record) === undefined) {
    const outcome = stage.control(record, {
      ...context,
      makeAllDue: () => {
        for (const key of [...graph.keys()].sort()) stage.fire((graph.get(key) as Held).document, record.stampMs, context);
      },
    });
    return outcome;
  }
  const graphContext: GraphContext<GraphDocument, GraphDefinitions, GraphState> = {
    ...context,
    read: (key) => graph.get(key)?.document,
    change: (key) => {
      const held = world.document(key);
      if (held.lastOffset >= record.offset) return undefined;
      held.lastOffset = record.offset;
      return held.document;
    },
  };
  return stage.stepGraph?.(record, graphContext) as Outcome;
}

function keep(
  map: Map<string, Assigned>,
  name: string,
  value: Version & { readonly profile: string; readonly reason: string },
): void {
  const { generation, offset, index, profile, reason } = value;
  const former = map.get(name);
  const version = { generation, offset, index };
  if (former === undefined || compareVersions(version, former.version) > 0) map.set(name, { profile, reason, version });
}
