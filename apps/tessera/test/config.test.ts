import { describe, expect, test } from '@jest/globals';
import { ConfigError, describeConfig, readConfig } from '../src/config.js';

describe('configuration', () => {
  test('has a default for everything', () => {
    expect(readConfig({ PATH: '/bin', TESSERA_DATA: '' })).toEqual({
      data: './.tessera',
      host: '127.0.0.1',
      httpPort: 8080,
      grpcPort: 9090,
      opsPort: 9464,
      partitions: 8,
      publicUrl: undefined,
      logLevel: 'warn',
      stopWithinMs: 10_000,
      freshCheckpointMs: 250,
      checkpointMs: 1_000,
    });
  });

  test('is read from the environment', () => {
    const found = readConfig({
      TESSERA_HTTP_PORT: '0',
      TESSERA_STOP_WITHIN: '1m30s',
      TESSERA_PUBLIC_URL: 'https://events.example.com',
    });
    expect(found).toMatchObject({ httpPort: 0, stopWithinMs: 90_000, publicUrl: 'https://events.example.com' });
  });

  test('refuses a variable that it does not know, by name', () => {
    expect(() => readConfig({ TESSERA_HTTPPORT: '1' })).toThrow(
      /TESSERA_HTTPPORT is no setting of Tessera\. Known are: .*TESSERA_HTTP_PORT/,
    );
  });

  test.each([
    ['TESSERA_HTTP_PORT', '65536'],
    ['TESSERA_GRPC_PORT', '-1'],
    ['TESSERA_OPS_PORT', '80 '],
    ['TESSERA_PARTITIONS', '0'],
    ['TESSERA_PARTITIONS', '257'],
    ['TESSERA_LOG_LEVEL', 'loud'],
    ['TESSERA_PUBLIC_URL', 'ftp://example.com'],
    ['TESSERA_CHECKPOINT', '0s'],
    ['TESSERA_DATA', ' '],
  ])('refuses %s=%s with what is allowed', (variable, value) => {
    expect(() => readConfig({ [variable]: value })).toThrow(`${variable}: found "${value}", allowed is `);
  });

  test('tells everything that is wrong at once', () => {
    try {
      readConfig({ TESSERA_PARTITIONS: 'x', TESSERA_HTTP_PORT: 'x', TESSERA_X: 'x' });
      throw new Error('it was taken');
    } catch (error) {
      expect((error as ConfigError).problems).toHaveLength(3);
    }
  });

  test('can be printed, with where each value is from', () => {
    expect(describeConfig({ TESSERA_HTTP_PORT: '81' })).toContainEqual({
      variable: 'TESSERA_HTTP_PORT',
      value: '81',
      from: 'environment',
      what: 'tracking API, decisions, admin',
    });
    expect(describeConfig({})).toContainEqual(
      expect.objectContaining({ variable: 'TESSERA_DATA', value: './.tessera', from: 'default' }),
    );
  });
});
