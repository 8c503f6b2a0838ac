import { describe, expect, test } from '@jest/globals';
import { asRefused, KafkaRefusedError, reasonIn } from '../src/refusal.js';

/** As a client wraps it. */
function wrapped(cause: Error): Error {
  return new AggregateError([new Error('Connection to k1:9093 failed.', { cause })], 'Cannot connect to any broker.');
}

function failure(message: string, of: object): Error {
  return Object.assign(new Error(message), of);
}

describe('a failure to come together', () => {
  test.each([
    ['certificate', failure('certificate has expired', { code: 'CERT_HAS_EXPIRED' }), 'not valid (certificate has expired)'],
    ['authority', failure('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'TESSERA_KAFKA_SSL_CA_FILE'],
    ['mechanism', failure('no', { apiId: 'UNSUPPORTED_SASL_MECHANISM' }), 'do not take this SASL mechanism: '],
    ['credentials', failure('no', { name: 'KafkaJSSASLAuthenticationError' }), 'refuse these credentials'],
  ])('that no other try mends (%s) is an error of its own', (reason, cause, text) => {
    const refused = asRefused(wrapped(cause));
    expect(refused).toBeInstanceOf(KafkaRefusedError);
    expect(refused).toMatchObject({ reason, message: expect.stringContaining(text) });
  });

  test('that another try may mend stays what it is, and every cause of it is told once', () => {
    const error = wrapped(failure('connect ECONNREFUSED 10.0.0.1:9093', { code: 'ECONNREFUSED' }));
    expect(asRefused(error)).toBe(error);
    expect(reasonIn(error)).toBe(
      'Cannot connect to any broker: Connection to k1:9093 failed: connect ECONNREFUSED 10.0.0.1:9093',
    );
    expect(reasonIn(new Error('outer: inner', { cause: new Error('inner') }))).toBe('outer: inner');
    expect(reasonIn('words')).toBe('words');
  });

  test('that names itself as its cause has an end', () => {
    const error = new Error('round');
    error.cause = error;
    expect(reasonIn(error)).toBe('round');
  });
});
