import { describe, expect, test } from '@jest/globals';
import { addressesOf } from '../src/options.js';

describe('addresses of brokers', () => {
  test('are host:port, IPv6 in brackets', () => {
    expect(addressesOf(['kafka-0.kafka:9092', '[::1]:9093'])).toEqual([
      { host: 'kafka-0.kafka', port: 9092 },
      { host: '::1', port: 9093 },
    ]);
  });

  test.each(['kafka', 'kafka:', ':9092', 'kafka:nine', 'a:1,b:2', ''])(
    '%p is none, and the refusal says what is wanted',
    (broker) => {
      expect(() => addressesOf([broker])).toThrow('host:port is wanted');
    },
  );

  test('there is at least one', () => {
    expect(() => addressesOf([])).toThrow('no broker is named');
  });
});
