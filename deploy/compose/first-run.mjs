// Makes the secrets of the local deployment once, into an empty volume: `node first-run.mjs FOLDER [ROOT]`, ROOT being
// where the image keeps Tessera.
// S1 What is there is never overwritten: a second run changes nothing.
// S2 The file of credentials is made by Tessera's own code and readable by its user alone. The passwords of MongoDB and Grafana are
//    readable by all in the volume, because those servers run as users of their own; they are worth nothing outside of this deployment.
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, root = '/tessera'] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('usage: node first-run.mjs FOLDER [ROOT]\n');
  process.exit(2);
}
const { openCredentials } = await import(pathToFileURL(join(root, 'libs/service/dist/credentials-file.js')).href);

openCredentials(folder);
const password = once('mongo-password', () => randomBytes(24).toString('base64url'));
once('mongo-uri', () => `mongodb://tessera:${password}@mongo:27017/tessera?authSource=admin`);
once('grafana-password', () => randomBytes(24).toString('base64url'));
process.stdout.write(
  'secrets are in the volume. Show the write key and the tokens with\n' +
    '  docker compose -f deploy/compose/docker-compose.yml run --rm first-run node -e ' +
    `"console.log(require('fs').readFileSync('/data/credentials.json', 'utf8'))"\n`,
);

/** Text of a file, made where there is none. */
function once(name, make) {
  const path = join(folder, name);
  if (!existsSync(path)) {
    writeFileSync(`${path}.new`, make());
    chmodSync(`${path}.new`, 0o444);
    renameSync(`${path}.new`, path);
  }
  return readFileSync(path, 'utf8');
}
