// How to reach a Kafka cluster: the same settings for both clients, for logs and for consumer groups.
import type { ConnectionOptions as TlsOptions } from 'node:tls';

export type SaslMechanism = 'plain' | 'scram-sha-256' | 'scram-sha-512';

export interface SaslOptions {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: string;
}

export interface KafkaConnectionOptions {
  /** `host:port` of one or more brokers; the others are learned from them. */
  readonly brokers: readonly string[];
  /** Names this process in the brokers' logs and quotas. */
  readonly clientId: string;
  /** TLS where given (`{}` trusts the system's authorities); the options of Node's `tls.connect`. */
  readonly tls?: TlsOptions;
  readonly sasl?: SaslOptions;
}

/** A copy: kafkajs keeps what it has made of the password in the object that it is given. */
export function ownSasl({ sasl }: KafkaConnectionOptions): SaslOptions | undefined {
  return sasl && { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password };
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(\[[^\]]+\]|[^:\s]+):(\d{1,5})$/;

/** Throws a TypeError with the broker that is none: `host:port` is wanted, IPv6 in brackets. */
export function addressesOf(brokers: readonly string[]): readonly Address[] {
  if (brokers.length === 0) throw new TypeError('no broker is named: give at least one as host:port');
  return brokers.map((broker) => {
    const [, host = '', port = ''] = ADDRESS.exec(broker) ?? [];
    if (host === '') throw new TypeError(`'${broker}' is no broker: host:port is wanted, several are separated by commas`);
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  });
}
