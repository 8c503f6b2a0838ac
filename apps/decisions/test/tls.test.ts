// The doors of a process with a certificate: TLS only, and over gRPC a certificate of the client where an authority is set.
import 'reflect-metadata';
import { request } from 'node:https';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  credentials as channel,
  loadPackageDefinition,
  Metadata,
  type ChannelCredentials,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { MemoryEventLog } from '@tessera/log-memory';
import { systemClock, systemIds } from '@tessera/runtime';
import { accessOf, createGround, newWorkspace, openProcess, type OpenProcess } from '@tessera/service';
import { MemoryStateStore } from '@tessera/state-memory';
import { composeDecisions, DECISIONS_PROTO } from '../src/index.js';
import { ownCertificate } from './certificate.js';

const { cert, key } = ownCertificate();
const workspace = newWorkspace('default');
let running: OpenProcess;

beforeAll(async () => {
  const log = new MemoryEventLog({ clock: 'append', nowMs: () => Date.now(), partitions: 1 });
  const ports = { log, store: new MemoryStateStore(), clock: systemClock, ids: systemIds, shared: true };
  const ground = createGround({ ports, access: accessOf({ version: 1, workspaces: [workspace] }) });
  running = await openProcess(ground, composeDecisions(ground), {
    host: '127.0.0.1',
    httpPort: 0,
    grpcPort: 0,
    opsPort: 0,
    tls: { cert, key, ca: cert },
    whenBusy: 'fail',
    reflection: false,
  });
});
afterAll(() => running.stop());

describe('HTTP', () => {
  test('speaks TLS, and asks for no certificate', async () => {
    expect(running.doors?.http).toMatch(/^https:/);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(`${running.doors?.http ?? ''}/v1/decide`, { method: 'POST', ca: cert, agent: false }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on('error', reject);
      sent.end('{}');
    });
    expect(status).toBe(401);
  });

  test('answers nothing in the clear', async () => {
    const clear = (running.doors?.http ?? '').replace('https:', 'http:');
    await expect(fetch(`${clear}/v1/decide`, { method: 'POST', body: '{}' })).rejects.toThrow('fetch failed');
  });
});

describe('gRPC', () => {
  const question = { person: { userId: 'ada' }, slots: ['hero'] };

  test('answers a client with a certificate of the authority', async () => {
    const answer = await decide(channel.createSsl(cert, key, cert), question);
    expect(answer).toMatchObject({ slots: [{ slot: 'hero' }] });
  });

  test.each([
    ['without a certificate', () => channel.createSsl(cert)],
    ['with that of somebody else', () => channel.createSsl(cert, stranger.key, stranger.cert)],
    ['in the clear', () => channel.createInsecure()],
  ])('answers no client %s', async (_, credentials) => {
    await expect(decide(credentials(), question)).rejects.toMatchObject({ code: 14 });
  });
});

const stranger = ownCertificate();

interface Caller {
  Decide(
    request: object,
    metadata: Metadata,
    options: object,
    done: (error: ServiceError | null, answer?: Record<string, unknown>) => void,
  ): void;
  close(): void;
}

function decide(credentials: ChannelCredentials, question: object): Promise<Record<string, unknown> | undefined> {
  const definition = loadPackageDefinition(loadSync(DECISIONS_PROTO.protoPath, DECISIONS_PROTO.loader));
  const { DecisionService } = (definition as unknown as { tessera: { decisions: { v1: Record<string, unknown> } } }).tessera
    .decisions.v1;
  const Client = DecisionService as new (address: string, credentials: ChannelCredentials) => Caller;
  const client = new Client(running.doors?.grpc ?? '', credentials);
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${workspace.tokens[0]?.token ?? ''}`);
  return new Promise((resolve, reject) => {
    client.Decide(question, metadata, { deadline: Date.now() + 10_000 }, (error, answer) => {
      client.close();
      if (error) reject(error);
      else resolve(answer);
    });
  });
}
