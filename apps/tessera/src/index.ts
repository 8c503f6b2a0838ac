export { connect, RefusedError, type Connection } from './client.js';
export { openEmbedded, type Embedded } from './embedded.js';
export { openSystem, type System, type SystemOptions } from './system.js';
