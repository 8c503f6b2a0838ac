// Ports that nobody listens on, below those that systems give to outgoing connections: a server that is started again must find its port
// as it left it.
import { createServer } from 'node:net';

const FIRST = 15_000;
const COUNT = 16_000;

/** All different. */
export async function freePorts(count) {
  const ports = new Set();
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
