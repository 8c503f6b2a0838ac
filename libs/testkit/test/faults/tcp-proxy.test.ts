import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { TcpProxy } from '../../src/faults/tcp-proxy.js';

let echo: Server;
let proxy: TcpProxy;
const clients: Socket[] = [];
const closed = new WeakSet<Socket>();

beforeEach(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  proxy = await TcpProxy.open({ port: (echo.address() as AddressInfo).port });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  await new Promise((resolve) => echo.close(resolve));
});

async function open(): Promise<Socket> {
  const client = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  clients.push(client);
  client.on('error', () => undefined);
  client.on('close', () => closed.add(client));
  // A connection that is refused may be reset before it is told to be there.
  await new Promise((resolve) => client.once('connect', resolve).once('close', resolve));
  return client;
}

/** What comes back until so many bytes are there. */
function answer(client: Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    client.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const all = Buffer.concat(chunks);
      if (all.length >= bytes) resolve(all);
    });
    const refuse = (): void => {
      reject(new Error('closed'));
    };
    client.on('close', refuse);
    if (closed.has(client)) refuse();
  });
}

describe('a TCP proxy', () => {
  test('passes bytes on as they are, in order, also many and while the delay changes', async () => {
    const client = await open();
    const sent = Buffer.alloc(4 << 20).map((_, i) => (i * 31) >> 3);
    const back = answer(client, sent.length);
    for (let at = 0; at < sent.length; at += 1 << 18) {
      proxy.delay((at >> 18) % 3 === 0 ? 20 : 0);
      client.write(sent.subarray(at, at + (1 << 18)));
    }
    expect((await back).equals(Buffer.from(sent))).toBe(true);
  });

  test('passes the end on', async () => {
    const client = await open();
    const ended = new Promise((resolve) => client.once('end', resolve));
    client.on('data', () => undefined);
    client.end('x');
    await ended;
  });

  test('delays each way', async () => {
    const client = await open();
    proxy.delay(60);
    const began = performance.now();
    const back = answer(client, 1);
    client.write('x');
    await back;
    expect(performance.now() - began).toBeGreaterThanOrEqual(118);
  });

  test('cuts what is open and accepts again', async () => {
    const client = await open();
    const gone = new Promise((resolve) => client.once('close', resolve));
    proxy.cut();
    await gone;
    const next = await open();
    const back = answer(next, 1);
    next.write('y');
    expect(String(await back)).toBe('y');
  });

  test('refuses until it is healed', async () => {
    proxy.refuse();
    const refused = await open();
    await expect(answer(refused, 1)).rejects.toThrow('closed');
    expect(proxy.accepted).toBe(0);
    proxy.heal();
    const next = await open();
    const back = answer(next, 1);
    next.write('z');
    expect(String(await back)).toBe('z');
    expect(proxy.accepted).toBe(1);
  });

  test('is silent until it is healed, and has lost nothing', async () => {
    const client = await open();
    proxy.silence();
    const back = answer(client, 2);
    client.write('ab');
    expect(await Promise.race([back, wait(80, 'silence')])).toBe('silence');
    proxy.heal();
    expect(String(await back)).toBe('ab');
  });
});
