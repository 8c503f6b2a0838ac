// Fault points at the gaps of the order of effects, as a process meets them at its ports:
//   read-after        a batch is read, nothing of it is stepped
//   append-before     records are stepped, their outputs are not sent
//   append-after      outputs are acknowledged, nobody knows it
//   write-before      outputs are acknowledged, no document of the checkpoint is written
//   write-after       documents are written, the partition document is not
//   partition-before  as before, at the call of its write
//   partition-after   the partition document is written, nobody knows it
// P1 SIGUSR2 reads FOLDER/PID.fault, `POINT COUNT`: the process kills itself the COUNT-th time it comes there. What it was about is
//    written to FOLDER/PID.died before.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = process.env.TESSERA_TEST_FAULT_FOLDER ?? '';
let armed;

process.on('SIGUSR2', () => {
  const [point, count] = readFileSync(join(FOLDER, `${process.pid}.fault`), 'utf8').split(' ');
  armed = { point, left: Number(count) };
});

function passing(point, place) {
  if (armed?.point !== point || --armed.left > 0) return;
  writeFileSync(join(FOLDER, `${process.pid}.died`), JSON.stringify({ point, ...place }));
  process.kill(process.pid, 'SIGKILL');
  for (;;);
}

export function withFaults(ports) {
  const { log, store } = ports;
  return {
    ...ports,
    log: overriding(log, {
      async read(topic, partition, fromOffset, limits) {
        const batch = await log.read(topic, partition, fromOffset, limits);
        if (batch.records.length > 0 && topic !== 'definitions') passing('read-after', { topic, partition });
        return batch;
      },
      async append(topic, partition, records) {
        passing('append-before', { topic, partition });
        const appended = await log.append(topic, partition, records);
        passing('append-after', { topic, partition });
        return appended;
      },
    }),
    store: overriding(store, {
      async write(space, documents) {
        if (documents.length > 0) passing('write-before', space);
        const refused = await store.write(space, documents);
        if (documents.length > 0) passing('write-after', space);
        return refused;
      },
      async writePartition(space, document) {
        passing('partition-before', space);
        await store.writePartition(space, document);
        passing('partition-after', space);
      },
    }),
  };
}

/** The port with some of its methods replaced. */
function overriding(port, methods) {
  return new Proxy(port, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return methods[name];
      const value = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}
