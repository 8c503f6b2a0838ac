export { LmdbStateStore } from './lmdb-state-store.js';
export type { LmdbStateStoreOptions, StateSize, WriteObserver } from './lmdb-state-store.js';
export { KEY_BYTES_MAX } from './key-codec.js';
