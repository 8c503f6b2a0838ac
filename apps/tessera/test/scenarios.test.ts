// Every golden timeline on a whole embedded system with virtual time: the same files as on the pure core, and the same answers. Beyond
// what a scenario expects, both must end with the same published memberships and values of everybody.
import { describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryEventLog } from '@tessera/log-memory';
import { MemoryStateStore } from '@tessera/state-memory';
import { CoreWorld, loadScenarios, PARTITIONS } from '@tessera/testkit';
import { EmbeddedWorld, type OpenWorldPorts } from '../src/scenarios/embedded-world.js';
import { play } from './play-scenario.js';

const FOLDER = join(import.meta.dirname, '../../../scenarios');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

const openMemory: OpenWorldPorts = (clock) =>
  Promise.resolve({
    log: new MemoryEventLog({ clock: 'append', partitions: PARTITIONS, nowMs: () => clock.nowMs() }),
    store: new MemoryStateStore(),
  });

describe.each(files)('%s', (file) => {
  const scenarios = loadScenarios(join(FOLDER, file));

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const [core, embedded, memory] = await Promise.all([
      play(scenario, new CoreWorld(scenario.startMs)),
      EmbeddedWorld.open(scenario.startMs).then((world) => play(scenario, world)),
      EmbeddedWorld.open(scenario.startMs, openMemory).then((world) => play(scenario, world)),
    ]);
    expect(embedded).toEqual(core);
    expect(memory).toEqual(core);
  });
});
