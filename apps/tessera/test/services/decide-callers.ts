// Applications that go on asking what to show, with the client configuration of the documentation, whatever becomes of the servers.
import { setTimeout as pause } from 'node:timers/promises';
import { documentedOptions, grpcDoor, type GrpcDoor } from './doors.js';

const CALLERS = 4;
const PAUSE_MS = 20;
/** Ours is a small machine with many processes. */
const DEADLINE_MS = 20_000;

export class DecideCallers {
  /** Answers by `STATUS REASON` of their slot. */
  readonly answers = new Map<string, number>();
  /** Errors that a caller has seen, as text. */
  readonly errors: string[] = [];
  slowestMs = 0;
  private readonly door: GrpcDoor;
  private readonly calling: Promise<void>[];
  private stopping = false;

  constructor(addresses: readonly string[], token: string, slot: string, person: (call: number) => object) {
    this.door = grpcDoor('tessera.decisions.v1.DecisionService', addresses, token, documentedOptions());
    this.calling = Array.from({ length: CALLERS }, (_, caller) => this.call(caller, slot, person));
  }

  get calls(): number {
    let all = 0;
    for (const count of this.answers.values()) all += count;
    return all + this.errors.length;
  }

  /** Also a second time. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.calling);
    this.door.close();
  }

  private async call(caller: number, slot: string, person: (call: number) => object): Promise<void> {
    for (let call = caller; !this.stopping; call += CALLERS) {
      const startMs = performance.now();
      try {
        const answer = await this.door.call('Decide', { person: person(call), slots: [slot] }, DEADLINE_MS);
        const [found] = answer['slots'] as readonly { readonly status: string; readonly reason?: { readonly code: string } }[];
        const name = `${found?.status ?? ''} ${found?.reason?.code ?? ''}`;
        this.answers.set(name, (this.answers.get(name) ?? 0) + 1);
      } catch (error) {
        this.errors.push(error instanceof Error ? error.message : String(error));
      }
      this.slowestMs = Math.max(this.slowestMs, performance.now() - startMs);
      await pause(PAUSE_MS);
    }
  }
}
