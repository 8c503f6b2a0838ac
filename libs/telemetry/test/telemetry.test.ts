import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, test } from '@jest/globals';
import { createJournal, Metrics, OperationsServer, type MetricSource } from '../src/index.js';

const source = (name: string, read: MetricSource['read'], kind: MetricSource['kind'] = 'counter'): MetricSource => ({
  name,
  help: `All of ${name}.`,
  kind,
  read,
});

describe('metrics', () => {
  test('are the values of the moment in which they are asked for', async () => {
    let count = 1;
    const metrics = new Metrics([source('tessera_things', () => [{ value: count, labels: { stage: 'a "b"' } }])]);
    expect(await metrics.text()).toBe(
      '# HELP tessera_things_total All of tessera_things.\n# TYPE tessera_things_total counter\ntessera_things_total{stage="a \\"b\\""} 1\n',
    );
    count = 5;
    expect(await metrics.text()).toContain('tessera_things_total{stage="a \\"b\\""} 5\n');
    await metrics.close();
  });

  test('leave a gap where one source fails, and show the others', async () => {
    const metrics = new Metrics([
      source('broken', () => Promise.reject(new Error('away'))),
      source('whole', () => Promise.resolve([{ value: 2 }]), 'gauge'),
    ]);
    const text = await metrics.text();
    expect([text.includes('broken'), text.includes('\nwhole 2\n')]).toEqual([false, true]);
    await metrics.close();
  });
});

describe('the operations server', () => {
  let server: OperationsServer | undefined;
  afterEach(async () => {
    await server?.stop();
  });

  test('tells whether the process lives, is ready, and what it counts', async () => {
    const problems: string[] = [];
    let broken = false;
    server = new OperationsServer({
      host: '127.0.0.1',
      port: 0,
      problems: () => problems,
      metrics: () => (broken ? Promise.reject(new Error('away')) : Promise.resolve('a 1\n')),
    });
    await server.start();
    const { port } = server;
    const get = async (path: string, method = 'GET'): Promise<[number, string]> => {
      const response = await fetch(`http://127.0.0.1:${String(port)}${path}`, { method });
      return [response.status, await response.text()];
    };
    expect(await get('/livez')).toEqual([200, 'alive\n']);
    expect(await get('/readyz')).toEqual([200, 'ready\n']);
    expect(await get('/metrics')).toEqual([200, 'a 1\n']);
    problems.push('stage segments partition 3 is halted: bad');
    expect(await get('/readyz')).toEqual([503, 'stage segments partition 3 is halted: bad\n']);
    expect(await get('/livez')).toEqual([200, 'alive\n']);
    broken = true;
    expect(await get('/metrics')).toEqual([500, 'away\n']);
    expect((await get('/elsewhere'))[0]).toBe(404);
    expect((await get('/livez', 'POST'))[0]).toBe(405);
  });
});

describe('the journal', () => {
  test('is JSON lines; an alert says that it is one', () => {
    const stream = new PassThrough();
    const journal = createJournal('warn', stream);
    journal.info('quiet');
    journal.warn('odd', { partition: 2 });
    journal.alert('halted', { stage: 'features' });
    const lines = String(stream.read())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([
      { level: 40, msg: 'odd', partition: 2 },
      { level: 50, msg: 'halted', stage: 'features', alert: true },
    ]);
  });
});
