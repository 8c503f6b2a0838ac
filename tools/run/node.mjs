// Finds a Node.js that is new enough: this process's own, else the one that an optional dependency brought (docs/adr/0001).
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Least version: Jest can test the ESM-only parts of Nest from 24.9 on. */
export const NODE_MIN = [24, 9];

export function isNewEnough(version, [major, minor] = NODE_MIN) {
  const [ownMajor, ownMinor] = version.replace(/^v/, '').split('.').map(Number);
  return ownMajor > major || (ownMajor === major && ownMinor >= minor);
}

/** Path of the executable; undefined where there is none. */
export function findNode(root, own = process) {
  if (isNewEnough(own.version)) return own.execPath;
  const brought = join(root, 'node_modules', `node-${own.platform}-${own.arch}`, 'bin', 'node');
  return existsSync(brought) ? brought : undefined;
}
