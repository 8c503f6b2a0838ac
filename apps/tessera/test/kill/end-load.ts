// Ends a load whose server is gone: without it the lanes of a test that has failed would send for ever.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Load } from './load.js';

/** Everything that is still under way is taken by a server that keeps nothing. Nothing where the load has ended by itself. */
export async function endLoad(load: Load | undefined): Promise<void> {
  if (load === undefined) return;
  const sink = createServer((request, response) => {
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => sink.listen(0, '127.0.0.1', resolve));
  load.serverAt(`http://127.0.0.1:${String((sink.address() as AddressInfo).port)}`);
  await load.stop();
  sink.closeAllConnections();
  await new Promise((resolve) => sink.close(resolve));
}
