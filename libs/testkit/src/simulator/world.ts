// One simulated world: the shipped stages and the shipped loop on simulated ports, faults for a while, then healing.
// V1 Everything random comes from the seed; nothing from the machine.
// V2 After the faults stop the world must come to rest within a bounded number of steps.
import { keyOf, type TopicId } from '@tessera/contracts';
import { EVALUATOR_VERSION } from '@tessera/segments';
import { partitionOf } from '@tessera/hash';
import { simulatedStages } from './stages.js';
import { check } from './checks.js';
import { setOf, SETS } from './definitions.js';
import { drawFaults, NO_FAULTS, type Faults } from './faults.js';
import { eventOf, partitionOfSender, People, WORKSPACE } from './people.js';
import { Random } from './random.js';
import { Scheduler } from './scheduler.js';
import { SimLog } from './sim-log.js';
import { SimProcess, type SimParts } from './sim-process.js';
import { nameOf, SimStore } from './sim-store.js';
import type { SerialStage } from '../serial-context.js';

const START_MS = 1_700_000_000_000;
const REST_STEPS_MAX = 60_000;

export interface WorldReport {
  readonly seed: number;
  readonly traceHash: string;
  readonly violations: readonly string[];
  readonly steps: number;
  readonly timeline: readonly string[];
  readonly counts: { readonly events: number; readonly crashes: number; readonly rebalances: number; readonly restarts: number };
}

export async function runWorld(seed: number): Promise<WorldReport> {
  return new World(seed).run();
}

export class World {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly log: SimLog;
  readonly store: SimStore;
  readonly stages: readonly SerialStage[] = simulatedStages();
  readonly owners = new Map<string, SimProcess>();
  readonly everyone: SimProcess[] = [];
  private readonly timeline: string[] = [];
  private readonly parts: SimParts;
  private readonly untilMs: number;
  private readonly people: People;
  private readonly counts = { events: 0, crashes: 0, rebalances: 0, restarts: 0 };
  private healed = false;

  constructor(readonly seed: number) {
    this.random = new Random(seed);
    this.scheduler = new Scheduler(this.random, START_MS);
    this.faults = drawFaults(this.random);
    this.log = new SimLog(this.scheduler, this.faults, this.random.int(1, 3));
    this.store = new SimStore(this.scheduler, this.faults);
    this.people = new People(this.random);
    this.untilMs = START_MS + this.random.int(300, 1_500);
    this.parts = {
      scheduler: this.scheduler,
      faults: this.faults,
      log: this.log,
      store: this.store,
      definitions: { load: (_, hash) => Promise.resolve(setOf(hash)) },
    };
  }

  async run(): Promise<WorldReport> {
    for (const stage of this.stages) {
      for (let partition = 0; partition < this.log.partitions(stage.input); partition++) this.own(stage, partition);
    }
    this.script();
    while (await this.scheduler.step(this.untilMs));
    this.heal();
    const violations = (await this.rest())
      ? check(this)
      : [`I8 no rest within ${String(REST_STEPS_MAX)} steps: ${this.unrest()}`];
    this.counts.restarts = this.everyone.reduce((sum, process) => sum + process.ledger.restarts, 0);
    for (const process of this.everyone) process.kill();
    return {
      seed: this.seed,
      traceHash: this.scheduler.traceHash,
      violations,
      steps: this.scheduler.steps,
      timeline: this.timeline,
      counts: this.counts,
    };
  }

  /** A new owner of a partition; a former one may go on. */
  private own(stage: SerialStage, partition: number): void {
    const name = `${nameOf({ stage: stage.name, partition })}#${String(this.everyone.length)}`;
    const process = new SimProcess(this.parts, stage, partition, name);
    this.owners.set(nameOf({ stage: stage.name, partition }), process);
    this.everyone.push(process);
  }

  private script(): void {
    const { random } = this;
    const duration = this.untilMs - START_MS;
    const first = random.chance(0.3) ? random.int(0, duration) : random.int(0, 20);
    this.plan(first, () => this.publish(0));
    if (random.chance(0.7))
      this.plan(random.chance(0.3) ? first + random.int(0, 15) : random.int(60, duration), () => this.publish(1));
    // In bursts many people do things at one moment, and their windows end at one moment.
    const grainMs = random.chance(0.3) ? random.int(20, 120) : 1;
    const moment = (): number => Math.floor(random.int(0, duration) / grainMs) * grainMs;
    for (let left = random.int(8, 60); left > 0; left--) this.plan(moment(), () => this.track());
    for (let left = random.int(0, random.chance(0.3) ? 12 : 4); left > 0; left--)
      this.plan(random.int(0, duration), () => this.takeApart());
    this.repeat(
      'crash',
      () => this.faults.crashEveryMs,
      () => this.crash(),
    );
    this.repeat(
      'rebalance',
      () => this.faults.rebalanceEveryMs,
      () => this.rebalance(),
    );
    this.repeat(
      'jump',
      () => this.faults.jumpEveryMs,
      () => this.jump(),
    );
  }

  private plan(delayMs: number, run: () => void): void {
    this.scheduler.at(delayMs, 'script', run);
  }

  private repeat(label: string, every: () => number, run: () => void): void {
    if (every() === Infinity) return;
    this.scheduler.at(this.random.int(1, every() * 2), label, () => {
      if (this.healed) return;
      run();
      this.repeat(label, every, run);
    });
  }

  private track(): void {
    const record = this.people.next(this.scheduler.nowMs);
    this.counts.events += 1;
    this.log.land('events', partitionOfSender(record.sender, this.log.partitions('events')), [eventOf(record)]);
    this.tell(
      `event ${record.messageId} ${record.sender} ${record.userId ?? '-'} ${record.event ?? record.type} at ${String(record.timeMs - START_MS)}`,
    );
  }

  private takeApart(): void {
    const [a, b] = [...this.people.pair()].sort() as [string, string];
    const kind = this.random.chance(0.7) ? 'linkRevoked' : 'linkRestored';
    const key = keyOf(WORKSPACE, 'workspace', WORKSPACE);
    this.log.land('links', partitionOf(key, this.log.partitions('links')), [
      { key, value: { kind, workspace: WORKSPACE, a, b, actor: 'sim', note: '' } },
    ]);
    this.tell(`${kind} ${a} ${b}`);
  }

  private publish(index: number): void {
    const { set, hash } = SETS[index] as (typeof SETS)[number];
    const key = keyOf(WORKSPACE, 'definition', 'set', String(set));
    const times = this.random.chance(0.2) ? 2 : 1;
    for (let i = 0; i < times; i++) {
      this.log.land('definitions', 0, [
        {
          key,
          value: {
            kind: 'definitionSetApplied',
            workspace: WORKSPACE,
            set,
            hash,
            evaluator: EVALUATOR_VERSION,
            definitions: [],
            actor: 'sim',
            note: '',
            appliedMs: 0,
          },
        },
      ]);
    }
    this.tell(`definition set ${String(set)} applied`);
  }

  private crash(): void {
    const process = this.victim();
    const name = nameOf({ stage: process.stage.name, partition: process.partition });
    process.kill();
    this.counts.crashes += 1;
    this.tell(`crash ${process.name}`);
    this.scheduler.at(this.random.int(0, 40), 'restart', () => {
      if (this.owners.get(name) === process) this.own(process.stage, process.partition);
    });
  }

  private rebalance(): void {
    const former = this.victim();
    this.counts.rebalances += 1;
    this.tell(`rebalance ${former.name}: the former owner goes on`);
    this.own(former.stage, former.partition);
    const cutOff = this.random.chance(0.5);
    if (cutOff) former.cutOff(this.random.int(1, 120));
    this.scheduler.at(this.random.int(1, cutOff ? 120 : 250), 'former owner ends', () => {
      former.kill();
    });
  }

  /** Most stages are simple folds; those with timers and definitions have more to lose. */
  private victim(): SimProcess {
    const all = [...this.owners.values()];
    return this.random.pick(this.random.chance(0.5) ? all.filter(({ stage }) => stage.ownsTicks) : all);
  }

  private jump(): void {
    const process = this.random.pick([...this.owners.values()]);
    process.skewMs = this.random.int(-this.faults.skewMs, this.faults.skewMs);
    this.tell(`clock of ${process.name} is off by ${String(process.skewMs)} ms`);
  }

  private heal(): void {
    Object.assign(this.faults, NO_FAULTS);
    this.healed = true;
    this.tell('healed');
    for (const process of this.everyone) {
      process.skewMs = 0;
      if (this.owners.get(nameOf({ stage: process.stage.name, partition: process.partition })) !== process) process.kill();
    }
    for (const [, process] of this.owners) if (!process.alive) this.own(process.stage, process.partition);
  }

  /** Runs until nothing is left to do at the present moment. */
  private async rest(): Promise<boolean> {
    for (let steps = 0; steps < REST_STEPS_MAX; steps++) {
      if (steps % 16 === 0 && this.unrest() === '') return true;
      if (!(await this.scheduler.step(Infinity))) return this.unrest() === '';
    }
    return false;
  }

  /** What keeps the world from rest; empty when nothing does. */
  private unrest(): string {
    for (const [name, process] of this.owners) {
      if (process.halted !== undefined) return '';
      const end = this.log.records(process.stage.input as TopicId, process.partition).length;
      if (process.nextOffset < end) return `${name} is at ${String(process.nextOffset)} of ${String(end)}`;
      if ((this.store.partitionDocuments.get(name)?.nextOffset ?? 0) < end) return `${name} has not written its position`;
      for (const document of this.store.documents({ stage: process.stage.name, partition: process.partition }).values()) {
        if (document.jobOwed) return `${name} owes a job to ${document.key}`;
        if (process.stage.ownsTicks && document.dueMs <= this.scheduler.nowMs)
          return `${name} has a timer of ${document.key} due`;
      }
    }
    return '';
  }

  private tell(what: string): void {
    this.timeline.push(`${String(Math.floor(this.scheduler.nowMs - START_MS)).padStart(6)} ms  ${what}`);
  }
}
