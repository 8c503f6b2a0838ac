// The step `docs` of `npm run check`: prints every dead link; exit code 1 if there is one.
import { treeOf } from '../repository/tree.mjs';
import { ROOT } from '../run/root.mjs';
import { deadLinks } from './links.mjs';

const dead = deadLinks(treeOf(ROOT));
for (const { path, line, what } of dead) process.stdout.write(`${path}:${line} ${what}\n`);
process.exitCode = dead.length === 0 ? 0 : 1;
