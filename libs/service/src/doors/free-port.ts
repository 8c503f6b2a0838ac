// Ports to listen on. In the embedded profile a busy one moves aside, which is said.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const STEPS_MAX = 20;

/** The wanted port, or the next of the following twenty that is free; 0 gives any. `taken`: chosen already and not yet in use. */
export async function freePort(host: string, wanted: number, taken: ReadonlySet<number>): Promise<number> {
  const candidates =
    wanted === 0 ? new Array<number>(STEPS_MAX).fill(0) : Array.from({ length: STEPS_MAX + 1 }, (_, i) => wanted + i);
  for (const port of candidates) {
    if (port > 65_535 || (port !== 0 && taken.has(port))) continue;
    const found = await probe(host, port);
    if (found !== undefined && !taken.has(found)) return found;
  }
  throw new Error(`the ports ${String(wanted)} to ${String(wanted + STEPS_MAX)} of ${host} are all in use`);
}

/** The port that could be bound; undefined when it is in use. */
function probe(host: string, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(undefined);
      else reject(error);
    });
    server.listen({ host, port, exclusive: true }, () => {
      const { port: bound } = server.address() as AddressInfo;
      server.close(() => resolve(bound));
    });
  });
}
