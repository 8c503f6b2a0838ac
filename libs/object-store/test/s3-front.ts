// What stands before s3rver in the tests: s3rver knows no conditional writes and never fails, so the front does both in its place.
import { createServer, request as send, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What happens to a request; `after`: it takes effect, and its answer is lost. */
export type Fault =
  { readonly kind: 'status'; readonly status: number } | { readonly kind: 'hang' | 'cut' | 'after' | 'other-bytes' };

interface S3rver {
  run(): Promise<{ readonly port: number }>;
  close(): Promise<void>;
}

const S3rverClass = createRequire(import.meta.url)('s3rver') as new (options: object) => S3rver;

export const BUCKET = 'objects';
/** The account that s3rver knows. */
export const CREDENTIALS = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

export class S3Front {
  readonly requests: { readonly method: string; readonly url: string; readonly headers: IncomingMessage['headers'] }[] = [];
  /** Taken one per request. */
  readonly faults: (Fault | undefined)[] = [];
  private readonly hanging = new Set<ServerResponse>();
  private turn: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly behind: S3rver,
    private readonly behindPort: number,
    private readonly server: Server,
    private readonly folder: string,
  ) {}

  static async start(): Promise<S3Front> {
    const folder = mkdtempSync(join(tmpdir(), 'tessera-s3-'));
    const options = { port: 0, address: '127.0.0.1', silent: true, directory: folder, configureBuckets: [{ name: BUCKET }] };
    const behind = new S3rverClass(options);
    const { port } = await behind.run();
    const server = createServer();
    const front = new S3Front(behind, port, server, folder);
    server.on('request', (request, response) => void front.take(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return front;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** s3rver itself. */
  get bare(): string {
    return `http://127.0.0.1:${String(this.behindPort)}`;
  }

  async stop(): Promise<void> {
    for (const response of this.hanging) response.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    await this.behind.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    this.requests.push({ method, url, headers });
    const fault = this.faults.shift();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (fault?.kind === 'status') return void response.writeHead(fault.status).end('<Error><Code>SlowDown</Code></Error>');
    if (fault?.kind === 'hang') return void this.hanging.add(response);
    const conditional = headers['if-none-match'] === '*' && method === 'PUT';
    const answer = conditional
      ? await (this.turn = this.turn.then(() => this.putIfAbsent(url, headers, body)))
      : await this.forward(method, url, headers, body);
    const { status, headers: told, bytes } = answer as Answer;
    if (fault?.kind === 'after') return void response.destroy();
    if (fault?.kind === 'other-bytes') bytes[0] = (bytes[0] as number) ^ 1;
    response.writeHead(status, told);
    if (fault?.kind === 'cut') {
      response.write(bytes.subarray(0, bytes.length >>> 1));
      setTimeout(() => response.destroy(), 20);
    } else response.end(bytes);
  }

  private async putIfAbsent(url: string, headers: IncomingMessage['headers'], body: Buffer): Promise<Answer> {
    const asking = Object.fromEntries(
      Object.entries(headers).filter(([name]) => name !== 'if-none-match' && name !== 'content-length'),
    );
    const found = await this.forward('HEAD', url, asking, Buffer.alloc(0));
    if (found.status !== 200) return this.forward('PUT', url, headers, body);
    return { status: 412, headers: {}, bytes: Buffer.from('<Error><Code>PreconditionFailed</Code></Error>') };
  }

  private forward(method: string, path: string, headers: IncomingMessage['headers'], body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const forwarded = send({ host: '127.0.0.1', port: this.behindPort, method, path, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, bytes: Buffer.concat(chunks) });
        });
      });
      forwarded.on('error', reject);
      forwarded.end(body);
    });
  }
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly bytes: Buffer;
}
