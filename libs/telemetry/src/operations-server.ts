// The operations door of a process, on a port of its own: /livez, /readyz, /metrics.
// O1 /livez answers as long as the event loop turns. /readyz is 200 when nothing is wrong, else 503 with one line per thing.
// O2 Nothing here changes anything, and nothing here is secret: it is meant for probes and scrapers.
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Part } from '@tessera/runtime';

export interface OperationsOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** What keeps the process from being ready; empty when nothing does. */
  readonly problems: () => readonly string[];
  readonly metrics: () => Promise<string>;
}

const PLAIN = 'text/plain; charset=utf-8';
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8';

export class OperationsServer implements Part {
  readonly name = 'operations server';
  private server: Server | undefined;

  constructor(private readonly options: OperationsOptions) {}

  async start(): Promise<void> {
    const server = createServer((request, response) => {
      void this.answer(request.method ?? '', new URL(request.url ?? '/', 'http://localhost').pathname, response);
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.options.port, this.options.host, resolve);
    });
    this.server = server;
  }

  async stop(): Promise<void> {
    const { server } = this;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  /** Where it listens; undefined before the start. */
  get port(): number | undefined {
    return (this.server?.address() as AddressInfo | null | undefined)?.port;
  }

  private async answer(method: string, path: string, response: ServerResponse): Promise<void> {
    if (method !== 'GET' && method !== 'HEAD') return send(response, 405, PLAIN, 'GET only\n');
    if (path === '/livez') return send(response, 200, PLAIN, 'alive\n');
    if (path === '/readyz') {
      const problems = this.options.problems();
      return problems.length === 0
        ? send(response, 200, PLAIN, 'ready\n')
        : send(response, 503, PLAIN, `${problems.join('\n')}\n`);
    }
    if (path !== '/metrics') return send(response, 404, PLAIN, 'here are /livez, /readyz and /metrics\n');
    try {
      send(response, 200, PROMETHEUS, await this.options.metrics());
    } catch (error) {
      send(response, 500, PLAIN, `${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, { 'content-type': contentType, 'cache-control': 'no-store' }).end(body);
}
