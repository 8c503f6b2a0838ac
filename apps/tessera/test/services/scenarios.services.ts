// Every golden timeline on the whole system over Kafka and MongoDB: the same files as on the pure core, and the same answers.
// V1 The adapters, the loops and the stages are those of a cluster; the services are in one process, so that a scenario can move time.
// V2 Time is virtual: the broker keeps the writer's stamp (CreateTime) where it stamps itself in a cluster, and the writer's clock is the
//    scenario's. Logs that always have the broker's own stamp (definitions) are ahead of it; nothing is due there.
import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { KafkaEventLog } from '@tessera/log-kafka';
import type { Clock, EventLog } from '@tessera/runtime';
import { MongoStateStore } from '@tessera/state-mongo';
import { CoreWorld, loadScenarios, PARTITIONS } from '@tessera/testkit';
import { EmbeddedWorld, type OpenWorldPorts } from '../../src/scenarios/embedded-world.js';
import { play } from '../play-scenario.js';
import { sharedServers } from './test-cluster.js';

const FOLDER = join(import.meta.dirname, '../../../../scenarios');
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

const openDistributed: OpenWorldPorts = async (clock) => {
  const { kafka, mongo } = sharedServers();
  const log = await KafkaEventLog.open({
    connection: { brokers: kafka.split(','), clientId: 'scenarios' },
    clock: 'event',
    partitions: PARTITIONS,
    prefix: `s${randomBytes(4).toString('hex')}`,
  });
  const store = await MongoStateStore.open({ uri: mongo });
  return { log: stampedBy(clock, log), store, remote: true, limits: { stampAheadMs: Number.MAX_SAFE_INTEGER } };
};

/** A log whose stamps are those of a clock, as the broker's are in a cluster. */
function stampedBy(clock: Clock, log: EventLog): EventLog {
  return {
    clock: 'append',
    partitions: (topic) => log.partitions(topic),
    append: (topic, partition, records) =>
      log.append(
        topic,
        partition,
        records.map((record) => ({ ...record, timeMs: clock.nowMs() })),
      ),
    read: (topic, partition, fromOffset, limits) => log.read(topic, partition, fromOffset, limits),
    startOffset: (topic, partition) => log.startOffset(topic, partition),
    endOffset: (topic, partition) => log.endOffset(topic, partition),
    subscribe: (topic, partition, wake) => log.subscribe(topic, partition, wake),
    close: () => log.close(),
  };
}

describe.each(files)('%s', (file) => {
  const scenarios = loadScenarios(join(FOLDER, file));

  test.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const core = await play(scenario, new CoreWorld(scenario.startMs));
    const distributed = await play(scenario, await EmbeddedWorld.open(scenario.startMs, openDistributed));
    expect(distributed).toEqual(core);
  });
});
