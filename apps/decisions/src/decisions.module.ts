// The decision service as a module: whoever composes it brings the read model, the active definitions, the clock and the credentials.
import { type DynamicModule, Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { CREDENTIALS, type Credentials, ScopeGuard } from '@tessera/nest';
import type { EventLog } from '@tessera/runtime';
import { Decider, type DeciderOptions } from './deciding/decider.js';
import { DecisionCounters } from './deciding/decision-counters.js';
import { DecisionLog } from './deciding/decision-log.js';
import { DecisionsController } from './grpc/decisions.controller.js';
import { DecideController } from './http/decide.controller.js';
import { DECIDER } from './tokens.js';

export interface DecisionsOptions extends Omit<DeciderOptions, 'counters' | 'log'> {
  /** Where it counts; default: counters of its own. */
  readonly counters?: DecisionCounters;
  readonly credentials: Credentials;
  /** Where decisions are logged; none where they are not. */
  readonly log?: EventLog;
}

const DECISION_LOG = Symbol('DecisionLog');

@Module({})
export class DecisionsModule implements OnModuleDestroy {
  constructor(@Inject(DECISION_LOG) private readonly log: { close(): Promise<void> }) {}

  /** Provides and exports `DecisionCounters` and, as DECIDER, the `Decider`. */
  static register({ credentials, log, counters = new DecisionCounters(), ...options }: DecisionsOptions): DynamicModule {
    const decisionLog = log && new DecisionLog(log, counters);
    return {
      module: DecisionsModule,
      controllers: [DecisionsController, DecideController],
      providers: [
        { provide: DECIDER, useValue: new Decider({ ...options, counters, log: decisionLog }) },
        { provide: CREDENTIALS, useValue: credentials },
        { provide: DecisionCounters, useValue: counters },
        { provide: DECISION_LOG, useValue: decisionLog ?? { close: () => Promise.resolve() } },
        ScopeGuard,
      ],
      exports: [DecisionCounters, DECIDER],
    };
  }

  /** What was decided before the stop is still logged. */
  async onModuleDestroy(): Promise<void> {
    await this.log.close();
  }
}
