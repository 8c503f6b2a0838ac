// Verbs against a running system: what one writes, the others read.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Command } from 'commander';
import { readConfig } from '@tessera/settings';
import { openEmbedded, type Embedded } from '../src/embedded.js';
import type { VerbContext } from '../src/verb.js';
import { VERBS } from '../src/verbs.js';

const EXAMPLES = join(import.meta.dirname, '../../../examples');
const data = mkdtempSync(join(tmpdir(), 'tessera-verbs-e2e-'));
let embedded: Embedded;

beforeAll(async () => {
  embedded = await openEmbedded({ ...readConfig({}), data, httpPort: 0, grpcPort: 0, opsPort: 0, partitions: 2 });
});
afterAll(async () => {
  await embedded.stop();
  rmSync(data, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly answer: string;
}

async function tessera(...line: readonly string[]): Promise<Ran> {
  const printed: string[] = [];
  let code = 0;
  const context: VerbContext = {
    print: (text) => void printed.push(text),
    say: () => undefined,
    exit: (found) => void (code = found),
  };
  const program = new Command('tessera').exitOverride();
  for (const { register } of VERBS) register(program, context);
  await program.parseAsync(['node', 'tessera', ...line, '--data', data]);
  return { code, answer: printed.join('\n') };
}

async function json(...line: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse((await tessera(...line, '-o', 'json')).answer) as Record<string, unknown>;
}

/** Asks until the answer is the wanted one, for a few seconds: reading lags behind writing by a bounded time. */
async function until<T>(ask: () => Promise<T>, good: (found: T) => boolean): Promise<T> {
  for (let left = 100; ; left--) {
    const found = await ask();
    if (good(found) || left === 0) return found;
    await pause(50);
  }
}

test('a set that is applied again after another becomes active again', async () => {
  const [shop, first] = [join(EXAMPLES, 'shop'), join(EXAMPLES, 'first-segment.yaml')];
  expect((await tessera('plan', shop)).code).toBe(3);
  for (const files of [shop, first, shop]) expect(await json('apply', files)).toMatchObject({ active: true, changed: true });
  expect((await tessera('plan', shop)).code).toBe(0);
  expect((await json('segment', 'history'))['sets']).toHaveLength(3);
  expect((await tessera('segment', 'list')).answer).toContain('forgotten-cart');
}, 60_000);

test('what is sent is found, explained, decided and taken apart', async () => {
  await tessera('event', 'send', '--user', 'uma', '--anonymous', 'd1', '--traits', '{"tier":"gold","firstName":"Uma"}');
  const found = await until(
    () => json('profile', 'get', '--anonymous', 'd1'),
    ({ memberships }) => (memberships as readonly unknown[]).length > 0,
  );
  expect(found['memberships']).toMatchObject([{ segment: 'vip' }]);
  expect((await json('segment', 'members', 'vip'))['profiles']).toEqual([found['profile']]);
  expect((await tessera('segment', 'explain', 'vip', '--user', 'uma')).answer).toContain('"gold"');
  expect((await tessera('profile', 'timeline', '--user', 'uma')).answer).toMatch(/vip +entered +conditions/);
  expect((await tessera('features', 'get', '--user', 'uma')).answer).toMatch(/revenue-90d +PRESENT +0/);
  const decided = await until(
    () => tessera('decide', 'home-hero', '--user', 'uma'),
    ({ answer }) => answer.includes('gold-lounge'),
  );
  expect(decided.answer).toContain('Uma, the gold lounge is open');
  expect((await tessera('topic', 'tail', 'segment-changes', '--from', 'start', '--no-follow')).answer).toContain(
    found['profile'] as string,
  );
  expect((await json('identity', 'unlink', 'anonymous:d1', 'user:uma'))['revoked']).toEqual([
    'spell:0@anonymous_id:d1 -- user_id:uma',
  ]);
  const apart = await until(
    () => json('identity', 'resolve', '--anonymous', 'd1'),
    ({ profile }) => profile !== found['profile'],
  );
  expect(apart['nodes']).toEqual(['spell:0@anonymous_id:d1']);
}, 60_000);

test('a refused event is a failure, and a dead letter that can be read', async () => {
  expect((await tessera('event', 'send', '', '--user', 'uma')).code).toBe(1);
  const letters = await until(
    () => json('dlq', 'list'),
    (found) => (found['letters'] as readonly unknown[]).length > 0,
  );
  const [{ letter }] = letters['letters'] as readonly [{ letter: { partition: number; offset: number } }];
  expect(await json('dlq', 'show', `${String(letter.partition)}/${String(letter.offset)}`)).toMatchObject({
    reason: 'invalid-field',
  });
}, 60_000);

test('verify asks for the folder of its own while a system runs on it', async () => {
  await expect(tessera('verify')).rejects.toThrow(/is in use by process/);
});
