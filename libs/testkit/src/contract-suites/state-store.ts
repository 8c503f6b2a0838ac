// The contract of the StateStore port: one suite for every adapter.
import type { StateStore } from '@tessera/runtime';
import { registerLaws } from './contract.js';
import type { JournalEntry, Law, TestRunner } from './contract.js';
import { documentLaws } from './state-store-documents.js';
import { durabilityLaws } from './state-store-durability.js';
import { guardLaws } from './state-store-guard.js';
import { scanLaws } from './state-store-scan.js';

/**
 * journal, reopen, crash: as for a log. reads-under-way: `load` answers from writes that were called and are not yet durable.
 */
export type StateStoreOffer = 'journal' | 'reopen' | 'crash' | 'reads-under-way';

/** An empty store of one adapter, and what the adapter offers beside the port. */
export interface StateStoreSubject {
  readonly store: StateStore;
  readonly journal?: JournalEntry[];
  /** Closes the store and opens it again. The old subject is not used any more. */
  readonly reopen?: () => Promise<StateStoreSubject>;
  /** A second store, from what a crash at this moment would leave. */
  readonly crash?: () => Promise<StateStoreSubject>;
  dispose(): Promise<void>;
}

export type StateStoreLaw = Law<StateStoreSubject, StateStoreOffer>;

export interface StateStoreContract {
  readonly offers: readonly StateStoreOffer[];
  readonly open: () => Promise<StateStoreSubject>;
}

export const STATE_STORE_LAWS: readonly StateStoreLaw[] = [...documentLaws, ...guardLaws, ...scanLaws, ...durabilityLaws];

/** Registers the suite for one adapter. */
export function stateStoreContract(name: string, { offers, open }: StateStoreContract, runner: TestRunner): void {
  runner.describe(`${name} keeps the contract of StateStore`, () => {
    registerLaws(STATE_STORE_LAWS, offers, () => open(), runner);
  });
}
