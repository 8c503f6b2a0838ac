// Contexts of the serial reference, written plainly: a new object for each call.
import type { Key } from '@tessera/contracts';
import type { ControlContext, GraphContext, Stage, StepContext } from '@tessera/runtime';
import type { SerialDocument, SerialPartition, SerialWorld } from './serial-world.js';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- stages of every document type stand side by side here
export type SerialStage = Stage<any, any, any>;

export interface Cause_ {
  readonly offset: number;
  readonly stampMs: number;
  readonly logTimeMs: number;
}

/** As in the shipped loop: what a document emits because a control record made it due is numbered from here. */
const FORCED_INDEX = 1 << 20;

export class SerialContexts {
  private readonly definitions = new Map<string, unknown>();
  private readonly indexes = new Map<string, { index: number }>();

  constructor(
    private readonly world: SerialWorld,
    private readonly loadDefinitions: (stage: string, workspace: string, hash: string) => unknown,
  ) {}

  /** Definitions as a stage of this name sees them. */
  lookUp(stage: string): (workspace: string, hash: string) => unknown {
    return (workspace, hash) => {
      const found = this.definitions.get(`${stage} ${hash}`);
      if (found === undefined) throw new Error(`definition set ${hash} of workspace ${workspace} is not loaded`);
      return found;
    };
  }

  load(stage: string, workspace: string, hash: string): void {
    const name = `${stage} ${hash}`;
    if (!this.definitions.has(name)) this.definitions.set(name, this.loadDefinitions(stage, workspace, hash));
  }

  /** A new record of a partition: versions are numbered anew for each document. */
  begin(partition: SerialPartition): void {
    for (const name of this.indexes.keys())
      if (name.startsWith(`${partition.stage.name}/${String(partition.partition)}/`)) this.indexes.delete(name);
  }

  document(partition: SerialPartition, key: Key): SerialDocument {
    let held = partition.documents.get(key);
    if (!held) partition.documents.set(key, (held = { document: partition.stage.create(key), lastOffset: -1 }));
    return held;
  }

  step(partition: SerialPartition, key: Key | '', cause: Cause_): StepContext<unknown, unknown> {
    return this.context(partition, cause, this.counter(partition, key));
  }

  forced(partition: SerialPartition, cause: Cause_): StepContext<unknown, unknown> {
    return this.context(partition, cause, { index: FORCED_INDEX });
  }

  control(partition: SerialPartition, cause: Cause_): ControlContext<unknown, unknown> & { readonly dueWorkspaces: string[] } {
    const dueWorkspaces: string[] = [];
    return {
      ...this.step(partition, '', cause),
      dueWorkspaces,
      makeAllDue: (workspace) => {
        dueWorkspaces.push(workspace);
      },
    };
  }

  graph(partition: SerialPartition, cause: Cause_): GraphContext<unknown, unknown, unknown> {
    return {
      ...this.step(partition, '', cause),
      read: (key) => partition.documents.get(key)?.document,
      change: (key) => {
        const held = this.document(partition, key);
        held.lastOffset = cause.offset;
        return held.document;
      },
    };
  }

  private counter(partition: SerialPartition, key: string): { index: number } {
    const name = `${partition.stage.name}/${String(partition.partition)}/${key}`;
    let counter = this.indexes.get(name);
    if (!counter) this.indexes.set(name, (counter = { index: 0 }));
    return counter;
  }

  private context(partition: SerialPartition, cause: Cause_, counter: { index: number }): StepContext<unknown, unknown> {
    return {
      partition: partition.partition,
      ...cause,
      generation: 1,
      state: partition.state,
      definitions: this.lookUp(partition.stage.name),
      partitions: (topic) => this.world.partitionsOf(topic),
      nextIndex: () => counter.index++,
      emit: (topic, target, record) => {
        this.world.append(topic, target, record);
      },
    };
  }
}
