// `node tools/deploy/image.mjs FOLDER`: puts what runs in an image into an empty folder. The Dockerfile calls it after a build and an
// install without development packages.
// I1 Compiled code, the contracts that gRPC loads, the shop of the demo, packages of production: no sources, no tests.
// I2 The Node.js that an optional dependency brings for old machines (docs/adr/0001) stays out: the image has its own.
import { cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from '../run/root.mjs';

/** Files and folders that go as they are. */
const WHOLE = ['package.json', 'LICENSE', 'proto', 'examples/shop'];
/** Of each library and app. */
const OF_PACKAGES = ['package.json', 'dist', 'node_modules'];
const LEFT_OUT = /\.(d\.ts|map|tsbuildinfo)$|^node-(linux|darwin|win)-/;

/** Copies, and returns the packages that came: folders like `libs/time`. Throws where a package has not been built. */
export function copyImage(root, to) {
  mkdirSync(to, { recursive: true });
  if (readdirSync(to).length > 0) throw new Error(`${to} is not empty: name a folder that is`);
  for (const path of WHOLE) copy(join(root, path), join(to, path));
  copy(join(root, 'deploy/docker/healthcheck.mjs'), join(to, 'healthcheck.mjs'));
  copy(join(root, 'node_modules'), join(to, 'node_modules'));
  return packagesOf(root).map((folder) => {
    if (!existsSync(join(root, folder, 'dist'))) throw new Error(`${folder}/dist is not there: build first (npm run build)`);
    for (const part of OF_PACKAGES) copy(join(root, folder, part), join(to, folder, part));
    return folder;
  });
}

/** Folders of the workspace that hold a package. */
function packagesOf(root) {
  return ['libs', 'apps']
    .flatMap((parent) => readdirSync(join(root, parent)).map((name) => `${parent}/${name}`))
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort();
}

// Links stay links: npm's links to the packages of the workspace are relative.
function copy(from, to) {
  if (!existsSync(from)) return;
  cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !LEFT_OUT.test(basename(path)),
  });
}

if (process.argv[1] === import.meta.filename) {
  const [to] = process.argv.slice(2);
  if (to === undefined) {
    process.stderr.write('usage: node tools/deploy/image.mjs FOLDER\n');
    process.exitCode = 2;
  } else process.stdout.write(`${String(copyImage(ROOT, to).length)} packages of the workspace\n`);
}
