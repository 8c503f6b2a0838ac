import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { allowsOrigin, credentialsOf, readAuthorization } from '../src/credentials.js';
import { authorize } from '../src/scope-guard.js';
import { ProblemException } from '../src/problem.js';

const credentials = credentialsOf({
  writeKeys: [{ key: 'wk_1', workspace: 'shop', source: 'web', origins: ['https://shop.example'] }],
  tokens: [{ token: 'tk_read', workspace: 'shop', source: 'api', scopes: ['read', 'decide'] }],
});
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('an authorization header', () => {
  test.each([
    [undefined, { kind: 'none' }],
    ['', { kind: 'none' }],
    [basic('wk_1:'), { kind: 'write-key', key: 'wk_1' }],
    [basic('wk_1'), { kind: 'write-key', key: 'wk_1' }],
    [basic('wk_1:secret'), { kind: 'write-key', key: 'wk_1' }],
    ['bearer tk_read', { kind: 'token', token: 'tk_read' }],
    ['Bearer  tk_read ', { kind: 'token', token: 'tk_read' }],
    ['Bearer', { kind: 'unreadable' }],
    ['Digest abc', { kind: 'unreadable' }],
    [basic(':'), { kind: 'unreadable' }],
  ])('%p reads as %p', (header, expected) => {
    expect(readAuthorization(header)).toEqual(expected);
  });

  test('never crashes, whatever it holds', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => readAuthorization(text).kind.length > 0));
  });
});

describe('a scope', () => {
  const refusal = (header: string | undefined, scope: 'read' | 'ingest'): string => {
    try {
      return authorize(credentials, header, scope).workspace;
    } catch (error) {
      return (error as ProblemException).code;
    }
  };
  test.each([
    ['Bearer tk_read', 'read', 'shop'],
    ['Bearer tk_read', 'ingest', 'scope-missing'],
    ['Bearer tk_other', 'read', 'unknown-credential'],
    [undefined, 'read', 'unauthenticated'],
    [basic('wk_1:'), 'read', 'unauthenticated'],
  ] as const)('%p asked for %s gives %s', (header, scope, expected) => {
    expect(refusal(header, scope)).toBe(expected);
  });
});

test('an origin is allowed when it is on the list, when all are, and when there is no browser', () => {
  const web = credentials.byWriteKey('wk_1');
  const token = credentials.byToken('tk_read');
  if (!web || !token) throw new Error('the fixture has both');
  expect([
    allowsOrigin(web, 'https://shop.example'),
    allowsOrigin(web, 'https://evil.example'),
    allowsOrigin(web, undefined),
    allowsOrigin(token, 'https://evil.example'),
  ]).toEqual([true, false, true, true]);
});
