export { logArchive } from './log-archive.js';
