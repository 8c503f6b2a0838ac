// The pieces around an embedded system: its credentials, its ports, its start when something is in the way.
import 'reflect-metadata';
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { accessOf, freePort, openCredentials, readCredentials } from '@tessera/service';
import { readConfig } from '@tessera/settings';
import { openEmbedded } from '../src/embedded.js';
import { readEndpoints } from '../src/endpoints-file.js';
import { panel } from '../src/panel.js';

const HOST = '127.0.0.1';
let folder: string;
const busy: Server[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-embedded-'));
});
afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  for (const server of busy.splice(0)) await new Promise((resolve) => server.close(resolve));
});

/** Takes a port that has free neighbours, as far as one can know. */
async function occupy(port = 0): Promise<number> {
  const server = createServer().listen({ host: HOST, port, exclusive: true });
  await new Promise((resolve) => server.once('listening', resolve));
  busy.push(server);
  return (server.address() as AddressInfo).port;
}

describe('credentials', () => {
  test('are made once, secret and strong, readable by their owner alone', () => {
    const made = openCredentials(folder);
    const [workspace] = made.workspaces;
    expect(workspace).toMatchObject({
      id: 'default',
      tokens: [{ name: 'owner', scopes: ['decide', 'read', 'admin', 'ingest'] }],
    });
    expect(Buffer.from(workspace?.secret ?? '', 'base64url')).toHaveLength(32);
    expect(new Set([workspace?.secret, workspace?.writeKeys[0]?.key.slice(3), workspace?.tokens[0]?.token.slice(3)]).size).toBe(
      3,
    );
    expect(statSync(join(folder, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(openCredentials(folder)).toEqual(made);
  });

  test('open the doors of their workspace only', () => {
    const made = openCredentials(folder);
    const { credentials, secretOf } = accessOf(made);
    const [workspace] = made.workspaces;
    expect(credentials.byWriteKey(workspace?.writeKeys[0]?.key ?? '')).toMatchObject({
      workspace: 'default',
      scopes: ['ingest'],
    });
    expect(credentials.byToken(workspace?.tokens[0]?.token ?? '')).toMatchObject({ workspace: 'default', source: 'owner' });
    expect(credentials.byToken(workspace?.writeKeys[0]?.key ?? '')).toBeUndefined();
    expect(secretOf('default')).toBe(workspace?.secret);
    expect(() => secretOf('other')).toThrow('the workspace other is in no credentials file');
  });

  test('that cannot be read are never replaced', () => {
    writeFileSync(join(folder, 'credentials.json'), '{"version":2}');
    expect(() => openCredentials(folder)).toThrow('is no credentials file of this release');
    writeFileSync(join(folder, 'credentials.json'), '{');
    expect(() => readCredentials(folder)).toThrow('cannot be read');
  });
});

describe('ports', () => {
  test('move aside when they are busy, and not onto one another', async () => {
    const first = await occupy();
    const found = await freePort(HOST, first, new Set());
    expect(found).toBeGreaterThan(first);
    expect(found).toBeLessThanOrEqual(first + 20);
    expect(await freePort(HOST, first, new Set([found]))).toBeGreaterThan(found);
  });

  test('are any free ones where 0 is asked for', async () => {
    const one = await freePort(HOST, 0, new Set());
    expect(one).toBeGreaterThan(1_023);
  });
});

describe('a start', () => {
  const config = () => ({ ...readConfig({}), data: folder, httpPort: 0, grpcPort: 0, opsPort: 0, partitions: 2 });

  test('says where its doors are, also those that moved', async () => {
    const taken = await occupy();
    const embedded = await openEmbedded({ ...config(), httpPort: taken });
    try {
      const { endpoints, credentials } = embedded;
      expect(endpoints.moved).toEqual([{ door: 'http', wanted: taken, found: Number(new URL(endpoints.http).port) }]);
      const text = panel(embedded);
      for (const part of [
        endpoints.http,
        endpoints.grpc,
        endpoints.ops,
        credentials.workspaces[0]?.writeKeys[0]?.key ?? '?',
        folder,
      ]) {
        expect(text).toContain(part);
      }
      expect(text).toContain(`port ${String(taken)} was busy: http moved to`);
      expect(readEndpoints(folder)).toMatchObject({ pid: process.pid, http: endpoints.http });
      expect((await fetch(`${endpoints.http}/`)).status).toBe(200);
    } finally {
      await embedded.stop();
    }
    expect(readEndpoints(folder)).toBeUndefined();
  });

  test('that fails gives back all that it had taken', async () => {
    writeFileSync(join(folder, 'credentials.json'), '{"version":2}');
    await expect(openEmbedded(config())).rejects.toThrow('is no credentials file');
    rmSync(join(folder, 'credentials.json'));
    const embedded = await openEmbedded(config());
    await embedded.stop();
    expect(existsSync(join(folder, 'credentials.json'))).toBe(true);
  });

  test('with another partition count than that of the folder is refused', async () => {
    await (await openEmbedded(config())).stop();
    await expect(openEmbedded({ ...config(), partitions: 4 })).rejects.toThrow(/partition/);
  });

  test('stops within seconds while a client holds a tail open', async () => {
    const embedded = await openEmbedded(config());
    const token = embedded.credentials.workspaces[0]?.tokens[0]?.token ?? '';
    const tail = fetch(`${embedded.endpoints.http}/api/v1/topics/events/tail?from=end&waitMs=25000`, {
      headers: { authorization: `Bearer ${token}` },
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const startMs = Date.now();
    await embedded.stop();
    expect(Date.now() - startMs).toBeLessThan(20_000);
    expect(await (await tail).text()).toBe('{"next":"0.0"}\n');
  });

  test('stops within seconds while clients hold a gRPC stream and half a request', async () => {
    const embedded = await openEmbedded(config());
    const session = connectHttp2(`http://${embedded.endpoints.grpc}`);
    session.on('error', () => undefined);
    const headers = {
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Watch',
      'content-type': 'application/grpc',
      te: 'trailers',
    };
    const stream = session.request(headers).on('error', () => undefined);
    stream.end(Buffer.alloc(5));
    const half = connect(Number(new URL(embedded.endpoints.http).port), HOST).on('error', () => undefined);
    half.write('POST /v1/track HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{');
    await once(stream, 'data');
    const startMs = Date.now();
    await embedded.stop();
    expect(Date.now() - startMs).toBeLessThan(20_000);
    session.destroy();
    half.destroy();
  });
});
