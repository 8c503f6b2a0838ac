// Connections of the default client, to somebody who listens and says nothing.
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { Cluster } from '../src/platformatic/cluster.js';

test('a connection that fails a second time does not end the process', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cluster = new Cluster({ brokers: [`127.0.0.1:${String(port)}`], clientId: 'test' });
  const connection = await cluster.anyConnection();
  // Without somebody who listens, `emit` throws what it is given.
  for (const reason of ['refused', 'reset']) expect(connection.emit('error', new Error(reason))).toBe(true);
  await cluster.close();
  await connection.close();
  server.close();
});
