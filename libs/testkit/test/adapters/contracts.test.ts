import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { eventLogContract } from '../../src/contract-suites/event-log.js';
import { stateStoreContract } from '../../src/contract-suites/state-store.js';
import {
  LMDB_LOG_OFFERS,
  LMDB_STORE_OFFERS,
  lmdbLog,
  lmdbStore,
  MEMORY_LOG_OFFERS,
  MEMORY_STORE_OFFERS,
  memoryLog,
  memoryStore,
} from './subjects.js';

const runner = { describe, test };
/** A Kafka topic holds JSON text, which has no -0. */
const withoutMinusZero = (value: unknown): boolean =>
  !JSON.stringify([value], (_, one: unknown) => (Object.is(one, -0) ? '-0' : one)).includes('"-0"');
const jsonValues = fc.sample(fc.jsonValue({ depthSize: 'large', stringUnit: 'binary' }).filter(withoutMinusZero), {
  numRuns: 1500,
  seed: 20_260_105,
});

eventLogContract('MemoryEventLog', { offers: MEMORY_LOG_OFFERS, open: memoryLog, jsonValues }, runner);
eventLogContract('LmdbEventLog', { offers: LMDB_LOG_OFFERS, open: (conditions) => lmdbLog(conditions), jsonValues }, runner);
stateStoreContract('MemoryStateStore', { offers: MEMORY_STORE_OFFERS, open: memoryStore }, runner);
stateStoreContract('LmdbStateStore', { offers: LMDB_STORE_OFFERS, open: () => lmdbStore() }, runner);
