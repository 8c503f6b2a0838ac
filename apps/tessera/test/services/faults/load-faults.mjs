// Plants fault points into a process while Node.js loads it: the ports that run-service.ts opens are wrapped. Nothing of it is in a
// shipped file.
//   node --import ./apps/tessera/test/services/faults/load-faults.mjs apps/features/dist/main.js
// F1 The text must be found exactly once: a fault point cannot rot unseen.
// F2 A process whose test is gone goes too: its standard input has ended.
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

const FILE = fileURLToPath(new URL('../../../../../libs/service/dist/run-service.js', import.meta.url));
const FIND = 'const ports = await openPorts(config, { processName: name, journal });';
const FAULTS = new URL('./fault-ports.mjs', import.meta.url).href;
const REPLACE = `const ports = (await import(${JSON.stringify(FAULTS)})).withFaults(await openPorts(config, { processName: name, journal }));`;

process.stdin.on('end', () => process.exit(1)).resume();
process.stdin.unref?.();

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.startsWith('file:') || fileURLToPath(url) !== FILE) return loaded;
    const source = typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
    const parts = source.split(FIND);
    if (parts.length !== 2)
      throw new Error(`fault points: their text occurs ${String(parts.length - 1)} times in ${FILE}, not once`);
    return { ...loaded, source: parts.join(REPLACE) };
  },
});
