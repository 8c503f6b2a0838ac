// `tessera bench pipeline`: what the whole path costs on the embedded adapters, durability on, as one line of figures.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Verb } from '../verb.js';
import { wholeNumber } from './output.js';

interface Options {
  readonly events: string;
  readonly definitions: string;
  readonly memberships?: string;
  readonly partitions: number;
}

export const bench: Verb = {
  register(program, { print, say }) {
    program
      .command('bench')
      .description('Benchmarks')
      .command('pipeline')
      .description('Feed NDJSON of track calls through identity, features and segments; print one line of figures')
      .requiredOption('--events <file>', 'NDJSON of Segment track calls with userId or anonymousId, messageId and timestamp')
      .requiredOption('--definitions <path>', 'a file or folder of definitions')
      .option('--memberships <file>', 'write the lines person,segment here')
      .option('--partitions <n>', 'partitions of the wide logs', wholeNumber, 8)
      .action(async (options: Options) => {
        const { closePorts, openEmbeddedPorts } = await import('@tessera/service');
        const { runPipeline } = await import('../bench/pipeline.js');
        const { systemClock } = await import('@tessera/runtime');
        const folder = mkdtempSync(join(tmpdir(), 'tessera-bench-'));
        try {
          const ports = await openEmbeddedPorts(folder, options.partitions, systemClock, 'event');
          const figures = await runPipeline({
            ...options,
            memberships: options.memberships,
            log: ports.log,
            store: ports.store,
            progress: say,
          });
          await closePorts(ports);
          print(JSON.stringify(figures));
        } finally {
          rmSync(folder, { recursive: true, force: true });
        }
      });
  },
};
