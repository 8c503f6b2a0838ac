// A whole embedded system as a world for scenarios: the shipped loops, catalog and decisions over the ports it is given, with a clock
// that only the scenario moves.
// E1 The system is at rest when no call of a port is under way, every loop idles, and several turns of the event loop bring nothing new;
//    where the log is in another process, also: when every reader is at the end of its log.
// E2 Time goes from one moment that somebody waits for to the next, and the system comes to rest at each.
// E3 A partition that halts or fails ends the scenario with its error.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { Decider, DecisionCounters } from '@tessera/app-decisions';
import { ownerOf, type DecideResponse, type Key, type TopicId } from '@tessera/contracts';
import { partitionOf } from '@tessera/hash';
import type { Credentials } from '@tessera/nest';
import {
  Lifecycle,
  StageHost,
  type Clock,
  type EventLog,
  type LogRecord,
  type LoopLimits,
  type NewRecord,
  type Stage,
  type StateStore,
} from '@tessera/runtime';
import type { CompiledSet, DefinitionDocument } from '@tessera/segments';
import { PARTITIONS, SECRET, WORKSPACE, type ScenarioWorld } from '@tessera/testkit';
import { createGround, openEmbeddedPorts, type Ground } from '@tessera/service';
import { composeSystem, type SystemComposition } from '../compose-system.js';
import { CallCounter, countedLog, countedStore } from './counted-ports.js';
import { VirtualClock } from './virtual-clock.js';

/** Log and store of a scenario; both are closed by the world. */
export interface WorldPorts {
  readonly log: EventLog;
  readonly store: StateStore;
  /** They are in other processes: what was appended is told to readers after a while. */
  readonly remote?: boolean;
  /** Of every loop, beside those of a scenario. */
  readonly limits?: Partial<LoopLimits>;
  /** After both are closed. */
  remove?(): Promise<void>;
}

export type OpenWorldPorts = (clock: Clock) => Promise<WorldPorts>;

/** Turns without anything new before the system counts as at rest: a wake-up takes one or two to become a call. */
const QUIET_TURNS = 4;
/** A system that does not come to rest is in a circle. */
const TURNS_MAX = 1_000_000;
/** Where the log is in another process: between two looks at how far its readers are, and how many of them at most. */
const LOOK_MS = 2;
const LOOKS_MAX = 10_000;
/** Nobody speaks to a scenario through a door. */
const NOBODY: Credentials = { byWriteKey: () => undefined, byToken: () => undefined };
const READ = { records: 4_000, bytes: 8 << 20 };
/** Polls for ever: it would stop virtual time at every second. It says how old answers are, and here they are never. */
const FRESHNESS = 'freshness of the read model';

/** The embedded adapters, in a folder of their own that goes with them. */
export const openTemporaryPorts: OpenWorldPorts = async (clock) => {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-scenario-'));
  const { log, store } = await openEmbeddedPorts(folder, PARTITIONS, clock);
  return { log, store, remove: () => rm(folder, { recursive: true, force: true }) };
};

export class EmbeddedWorld implements ScenarioWorld {
  private constructor(
    private readonly clock: VirtualClock,
    private readonly calls: CallCounter,
    private readonly ports: WorldPorts,
    private readonly log: EventLog,
    private readonly ground: Ground,
    private readonly system: SystemComposition,
    private readonly lifecycle: Lifecycle,
    private readonly decider: Decider,
  ) {}

  static async open(startMs: number, open: OpenWorldPorts = openTemporaryPorts): Promise<EmbeddedWorld> {
    const clock = new VirtualClock(startMs);
    const calls = new CallCounter();
    const ports = await open(clock);
    let drawn = 0;
    const ids = { next: () => `scenario-${String(++drawn)}` };
    const log = countedLog(ports.log, calls);
    const ground = createGround({
      ports: { log, store: countedStore(ports.store, calls), clock, ids, shared: false },
      access: { credentials: NOBODY, secretOf: () => SECRET, workspaces: [WORKSPACE] },
      limits: { idleMs: 0, tickPauseMs: 0, ...ports.limits },
    });
    const system = composeSystem(ground);
    const decider = new Decider({
      readModel: system.readModel,
      definitions: (workspace) => ground.catalog.active(workspace),
      clock,
      ids,
      secretOf: () => SECRET,
      counters: new DecisionCounters(),
      log: undefined,
    });
    const parts = [ground.catalog, ...system.parts];
    const lifecycle = new Lifecycle(parts.filter(({ name }) => name !== FRESHNESS));
    const world = new EmbeddedWorld(clock, calls, ports, log, ground, system, lifecycle, decider);
    await lifecycle.start();
    await world.settle();
    return world;
  }

  get nowMs(): number {
    return this.clock.nowMs();
  }

  partitions(topic: TopicId): number {
    return this.ports.log.partitions(topic);
  }

  active(): CompiledSet | undefined {
    return this.ground.catalog.active(WORKSPACE);
  }

  async advanceTo(ms: number): Promise<void> {
    await this.settle();
    for (let next = this.clock.nearestMs(); next <= ms; next = this.clock.nearestMs()) {
      this.clock.moveTo(next);
      await this.settle();
    }
    this.clock.moveTo(ms);
  }

  async apply(documents: readonly DefinitionDocument[]): Promise<void> {
    const { catalog } = this.ground;
    const { set } = await catalog.apply(WORKSPACE, documents, { actor: 'scenario', note: '', nowMs: this.nowMs });
    await this.settle();
    if (this.active()?.set !== set) throw new Error(`the definition set ${String(set)} did not become active`);
  }

  async append(topic: TopicId, records: readonly NewRecord[]): Promise<void> {
    const partitions = this.partitions(topic);
    await Promise.all(records.map((record) => this.log.append(topic, partitionOf(ownerOf(record.key), partitions), [record])));
    await this.settle();
  }

  async records(topic: TopicId): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    for (let partition = 0; partition < this.partitions(topic); partition++) {
      for (let at = await this.ports.log.startOffset(topic, partition); ;) {
        const batch = await this.ports.log.read(topic, partition, at, READ);
        if (batch.nextOffset <= at) break;
        records.push(...batch.records);
        at = batch.nextOffset;
      }
    }
    return records;
  }

  async document(name: string, key: Key): Promise<unknown> {
    const stage = this.stage(name);
    // A graph keeps a workspace's documents in one partition, whatever their keys: all partitions are asked.
    for (let partition = 0; partition < this.partitions(stage.input); partition++) {
      const [stored] = await this.ports.store.load({ stage: name, partition }, [key]);
      if (stored) return stage.decode(stored.bytes, key);
    }
    return undefined;
  }

  async decide(question: unknown): Promise<DecideResponse> {
    return this.decider.answer(WORKSPACE, question, Infinity);
  }

  async close(): Promise<void> {
    await this.lifecycle.stop();
    await this.ports.store.close();
    await this.ports.log.close();
    await this.ports.remove?.();
  }

  private stage(name: string): Stage<unknown> {
    const host = this.system.hosts.find(({ stage }) => stage.name === name);
    if (!(host instanceof StageHost)) throw new Error(`no stage ${name} runs here`);
    return host.stage as Stage<unknown>;
  }

  private async settle(): Promise<void> {
    await this.quiet();
    for (let looks = 0; this.ports.remote === true && this.behind().length > 0; looks++) {
      if (looks > LOOKS_MAX) throw new Error(`the system does not come to the end of its logs: ${this.behind().join(', ')}`);
      await pause(LOOK_MS);
      await this.quiet();
    }
  }

  private async quiet(): Promise<void> {
    let quiet = 0;
    for (let turns = 0; quiet < QUIET_TURNS; turns++) {
      if (turns > TURNS_MAX) throw new Error('the system does not come to rest');
      const begun = this.calls.begun;
      await turn();
      const problems = this.ground.problemsOf(this.system.hosts);
      if (problems.length > 0) throw new Error(problems.join('\n'));
      const still = this.calls.begun === begun && this.calls.pending === 0 && this.clock.immediate === 0 && this.idle();
      quiet = still ? quiet + 1 : 0;
    }
  }

  /** Readers that are not at the end of their log, as far as anybody here has appended. */
  private behind(): readonly string[] {
    const { ends } = this.calls;
    const look = (reader: string, topic: TopicId, partition: number, position = 0): readonly string[] => {
      const end = ends.get(`${topic}/${String(partition)}`) ?? 0;
      return position >= end ? [] : [`${reader} is at ${String(position)} of ${String(end)} in ${topic}/${String(partition)}`];
    };
    return [
      ...look('the catalog', 'definitions', 0, this.ground.catalog.position),
      ...this.system.hosts.flatMap(({ stage, loops }) =>
        loops.flatMap(({ options: { partition }, position }) => look(stage.name, stage.input, partition, position?.nextOffset)),
      ),
    ];
  }

  private idle(): boolean {
    return this.system.hosts.every((host) => host instanceof StageHost && host.loops.every(({ idle }) => idle));
  }
}
