// A TCP proxy on loopback that makes a network worse: slow, cut, silent. For failure tests of whatever speaks TCP.
// X1 Bytes are never changed, lost or put in another order within a connection that lives; a connection that was cut is gone.
// X2 Silence holds bytes back, as a partition of the network does whose packets are sent again: `heal` lets them flow.
// X3 Bytes under way are bounded: above that the sender is not read from.
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

export interface TcpTarget {
  readonly host?: string;
  readonly port: number;
}

interface Direction {
  from: Socket;
  to: Socket;
  heldBytes: number;
  tail: Promise<void>;
}

const HELD_BYTES_MAX = 8 << 20;

export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private delayMs = 0;
  private refusing = false;
  private healed: Promise<void> | undefined;
  private wake: () => void = () => undefined;
  private count = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: TcpTarget,
  ) {
    server.on('connection', (client) => {
      this.accept(client);
    });
  }

  /** Listens on a free port of 127.0.0.1 and passes every connection on to the target. */
  static async open(target: TcpTarget): Promise<TcpProxy> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new TcpProxy(server, target);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Connections accepted so far, refused ones left out. */
  get accepted(): number {
    return this.count;
  }

  /** From now on, bytes arrive so much later, each way; 0 for at once. */
  delay(ms: number): void {
    this.delayMs = ms;
  }

  /** Resets all connections; new ones are accepted. */
  cut(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Resets all connections, and new ones as they come, until `heal`. */
  refuse(): void {
    this.refusing = true;
    this.cut();
  }

  /** No byte passes, either way, until `heal`. Connections are accepted and stay. */
  silence(): void {
    this.healed ??= new Promise((resolve) => (this.wake = resolve));
  }

  /** Ends delay, refusal and silence. */
  heal(): void {
    this.delayMs = 0;
    this.refusing = false;
    this.healed = undefined;
    this.wake();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.heal();
    this.cut();
    await closed;
  }

  private accept(client: Socket): void {
    if (this.refusing) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    this.count += 1;
    const upstream = connect(this.target.port, this.target.host ?? '127.0.0.1');
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.sockets.delete(from);
        to.destroy();
      });
      this.pump({ from, to, heldBytes: 0, tail: Promise.resolve() });
    }
  }

  private pump(direction: Direction): void {
    const { from, to } = direction;
    from.on('data', (chunk) => {
      direction.heldBytes += chunk.length;
      if (direction.heldBytes > HELD_BYTES_MAX) from.pause();
      this.later(direction, () => {
        to.write(chunk);
        direction.heldBytes -= chunk.length;
        if (direction.heldBytes <= HELD_BYTES_MAX) from.resume();
      });
    });
    from.on('end', () => {
      this.later(direction, () => to.end());
    });
  }

  /** After all that came before in this direction, when the delay is over and nothing is silent. */
  private later(direction: Direction, send: () => void): void {
    const dueMs = performance.now() + this.delayMs;
    direction.tail = direction.tail.then(async () => {
      const restMs = dueMs - performance.now();
      if (restMs > 0) await wait(restMs);
      while (this.healed !== undefined) await this.healed;
      if (!direction.to.destroyed) send();
    });
  }
}
