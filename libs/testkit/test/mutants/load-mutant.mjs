// Plants one bug: replaces text of the compiled, shipped code while Node.js loads it. Nothing of it is in any shipped file.
//   MUTANT=name node --import ./libs/testkit/test/mutants/load-mutant.mjs libs/testkit/dist/simulator/main.js --from 1 --seeds 1000 --stop
// P1 Every text must be found exactly once in its file, and every file must have been loaded: a mutant cannot rot unseen.
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from './mutants.mjs';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const name = process.env.MUTANT ?? '';
const mutant = MUTANTS.find((each) => each.name === name);
if (mutant === undefined)
  throw new Error(`there is no mutant '${name}'; there are ${MUTANTS.map((each) => each.name).join(', ')}`);

const pending = new Map(Map.groupBy(mutant.edits, ({ file }) => file));

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const file = url.startsWith('file:') ? fileURLToPath(url) : '';
    const edits = file.startsWith(ROOT) ? pending.get(file.slice(ROOT.length)) : undefined;
    if (edits === undefined) return loaded;
    pending.delete(file.slice(ROOT.length));
    const source = edits.reduce(
      planted,
      typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source),
    );
    return { ...loaded, source };
  },
});

process.on('exit', (code) => {
  if (pending.size === 0) return;
  process.stderr.write(`mutant '${name}': ${[...pending.keys()].join(', ')} was not loaded\n`);
  process.exitCode = code === 0 || code === 1 ? 3 : code;
});

function planted(source, { file, find, replace }) {
  const parts = source.split(find);
  if (parts.length !== 2)
    throw new Error(`mutant '${name}': its text occurs ${String(parts.length - 1)} times in ${file}, not once:\n${find}`);
  return parts.join(replace);
}
