export { StoreSettingsError } from './errors.js';
export type { RetryPolicy } from './errors.js';
export { DOCUMENT_BYTES_MAX } from './document-form.js';
export { KEY_BYTES_MAX } from './key-codec.js';
export { MongoStateStore } from './mongo-state-store.js';
export type { MongoStateStoreOptions, StoreLimits } from './options.js';
