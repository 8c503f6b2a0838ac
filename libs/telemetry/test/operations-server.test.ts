import { afterEach, describe, expect, test } from '@jest/globals';
import { OperationsServer } from '../src/index.js';

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
