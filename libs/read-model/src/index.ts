export { DocumentCache } from './document-cache.js';
export type { ReadModel } from './read-model.js';
export { ReadModelDirectory, type FoundPerson, type ReadModelDirectoryOptions } from './read-model-directory.js';
export { ReadModelFreshness, type FreshnessOptions } from './read-model-freshness.js';
export { StoreReadModel, type StoreReadModelOptions } from './store-read-model.js';
