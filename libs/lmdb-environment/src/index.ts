export { LmdbEnvironment } from './environment.js';
export type { ByteDatabase } from './environment.js';
export { WriteBuffers } from './write-buffers.js';
export { FolderOwnedError } from './owner.js';
export { copyEnvironment, environmentBytes, environmentFile } from './copy.js';
