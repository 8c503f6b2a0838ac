// What a processor loop is given: its stage, its partition and the ports.
import type { Ledger } from './ledger.js';
import type { LoopLimits } from './limits.js';
import type { Clock, DefinitionSource, EventLog, StateStore } from './ports.js';
import type { Stage } from './stage.js';

export interface LoopOptions<Document, Definitions, State> {
  readonly stage: Stage<Document, Definitions, State>;
  readonly partition: number;
  readonly log: EventLog;
  readonly store: StateStore;
  readonly clock: Clock;
  readonly definitions: DefinitionSource<Definitions>;
  /** Rises with a recorded change (evaluator, repair), so that a rebuild may correct what was sent. */
  readonly generation: number;
  readonly limits: LoopLimits;
  readonly ledger: Ledger;
}
