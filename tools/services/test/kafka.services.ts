import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { startKafka } from '../kafka/cluster.mjs';

describe('the launcher of Kafka', () => {
  test('a broker of its own is ready, dies at once, and starts again on its port', async () => {
    const folder = mkdtempSync(join(process.env.TESSERA_TEST_FOLDER as string, 'launcher-'));
    const cluster = await startKafka({ folder });
    const [broker] = cluster.brokers;
    const port = Number(cluster.bootstrap.split(':')[1]);
    expect(await answers(port)).toBe(true);
    await broker?.kill();
    expect(broker?.running).toBe(false);
    expect(await answers(port)).toBe(false);
    await broker?.start();
    expect(await answers(port)).toBe(true);
    await cluster.destroy({ all: true });
    expect(await answers(port)).toBe(false);
    rmSync(folder, { recursive: true, force: true });
  });

  test('the broker for all tests answers', async () => {
    const [first = ''] = (process.env.TESSERA_TEST_KAFKA as string).split(',');
    expect(await answers(Number(first.split(':')[1]))).toBe(true);
  });
});

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true)));
    socket.once('error', () => resolve(false));
  });
}
