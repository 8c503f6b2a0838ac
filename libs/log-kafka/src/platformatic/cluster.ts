// The cluster as seen through @platformatic/kafka's connections: who leads what, a connection per broker and purpose.
// U1 The answer to "who leads" is kept until somebody says that it is stale; a topic or a leader that is missing is asked for again.
// U2 Long polls, reads, writes and questions have connections of their own: a broker answers one connection's requests in order.
import { AuthenticationError, ConnectionPool, listOffsetsV7, metadataV9, NetworkError } from '@platformatic/kafka';
import type { Broker, Connection, ConnectionOptions, SASLMechanismValue } from '@platformatic/kafka';
import { RetryableError } from '@tessera/runtime';
import { isIP } from 'node:net';
import { addressesOf, type KafkaConnectionOptions } from '../options.js';

export type Purpose = 'ask' | 'produce' | 'read' | 'follow' | 'group';

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** On one connection, where the broker takes them one by one. */
const IN_FLIGHT_MAX = 16;
const EARLIEST = -2n;
const LATEST = -1n;

export class Cluster {
  private readonly bootstrap: Broker[];
  private readonly pools = new Map<Purpose, ConnectionPool>();
  private readonly brokers = new Map<number, Broker>();
  private readonly leaders = new Map<string, readonly number[]>();
  private readonly asking = new Map<string, Promise<void>>();
  private asked = 0;

  constructor(private readonly options: KafkaConnectionOptions) {
    this.bootstrap = addressesOf(options.brokers).map(({ host, port }) => ({ host, port }));
  }

  /** The leader's id. */
  async leaderOf(topic: string, partition: number, fresh = false): Promise<number> {
    const known = this.leaders.get(topic)?.[partition] ?? -1;
    if (!fresh && known >= 0) return known;
    await this.learn(topic);
    const leader = this.leaders.get(topic)?.[partition] ?? -1;
    if (leader < 0) throw new RetryableError(`${topic}[${String(partition)}] has no leader at the moment`);
    return leader;
  }

  connection(broker: number, purpose: Purpose): Promise<Connection> {
    const address = this.brokers.get(broker);
    if (address === undefined) throw new RetryableError(`broker ${String(broker)} is not known`);
    return this.pool(purpose).get(address);
  }

  /** Of any broker that answers. */
  anyConnection(purpose: Purpose = 'ask'): Promise<Connection> {
    const all = [...this.brokers.values(), ...this.bootstrap];
    const turn = this.asked++ % all.length;
    return this.pool(purpose).getFirstAvailable([...all.slice(turn), ...all.slice(0, turn)]);
  }

  async offsetOf(topic: string, partition: number, which: 'start' | 'end'): Promise<number> {
    const leader = await this.leaderOf(topic, partition);
    const connection = await this.connection(leader, 'ask');
    const timestamp = which === 'start' ? EARLIEST : LATEST;
    const partitions = [{ partitionIndex: partition, currentLeaderEpoch: -1, timestamp }];
    const { topics } = await listOffsetsV7.api.async(connection, -1, 0, [{ name: topic, partitions }]);
    const offset = topics[0]?.partitions[0]?.offset;
    if (offset === undefined || offset < 0n) throw new RetryableError(`${topic}[${String(partition)}] told no offset`);
    return Number(offset);
  }

  /** Addresses and leaders, again; calls for one topic at once share the question. Throws where the topic is not there. */
  learn(topic: string): Promise<void> {
    let asking = this.asking.get(topic);
    if (asking === undefined) {
      asking = this.ask([topic]).finally(() => this.asking.delete(topic));
      this.asking.set(topic, asking);
    }
    return asking;
  }

  /** Partition counts of the topics that are there. */
  async ask(topics: readonly string[]): Promise<void> {
    const connection = await this.anyConnection();
    const answer = await metadataV9.api.async(connection, [...topics], false, false, false);
    for (const { nodeId, host, port } of answer.brokers) this.brokers.set(nodeId, { host, port });
    for (const { name, errorCode, partitions } of answer.topics) {
      if (errorCode !== 0) continue;
      const leaders = new Array<number>(partitions.length).fill(-1);
      for (const { partitionIndex, leaderId } of partitions) leaders[partitionIndex] = leaderId;
      this.leaders.set(name, leaders);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.pools.values()].map((pool) => pool.close()));
    this.pools.clear();
  }

  private pool(purpose: Purpose): ConnectionPool {
    let pool = this.pools.get(purpose);
    if (pool === undefined) {
      pool = new ConnectionPool(this.options.clientId, connectionOptionsOf(this.options, purpose));
      // What went wrong with a connection is told to whoever waits for an answer from it.
      pool.on('failed', () => undefined);
      // The pool hears one error of a connection. Another one, as when a broker hangs up on whom it has just refused, would end the process.
      pool.on('connecting', ({ connection }) => connection.on('error', () => undefined));
      this.pools.set(purpose, pool);
    }
    return pool;
  }
}

function connectionOptionsOf({ brokers, tls, sasl }: KafkaConnectionOptions, purpose: Purpose): ConnectionOptions {
  return {
    connectTimeout: CONNECT_TIMEOUT_MS,
    // A member of a group waits for its answer as long as the others take to give up what they had.
    requestTimeout: purpose === 'group' ? 10 * REQUEST_TIMEOUT_MS : REQUEST_TIMEOUT_MS,
    maxInflights: IN_FLIGHT_MAX,
    // TLS has no server name for an address (RFC 6066); the certificate is compared with the host in either case.
    ...(tls === undefined ? {} : { tls, tlsServerName: addressesOf(brokers).some(({ host }) => isIP(host) === 0) }),
    ...(sasl === undefined
      ? {}
      : {
          sasl: {
            mechanism: sasl.mechanism.toUpperCase() as SASLMechanismValue,
            username: sasl.username,
            password: sasl.password,
          },
        }),
  };
}

/** True where another try may help: a connection, a moved leader, a broker that is busy. Credentials that are refused stay refused. */
export function isRetriable(error: unknown): boolean {
  if (isRefusedCredential(error)) return false;
  if (error instanceof RetryableError || error instanceof NetworkError) return true;
  const { canRetry, errors } = error as { readonly canRetry?: boolean; readonly errors?: readonly unknown[] };
  return canRetry ?? errors?.every(isRetriable) ?? false;
}

/** The library wraps it in what failed because of it. */
function isRefusedCredential(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AuthenticationError) return true;
  const { cause, errors } = error as { readonly cause?: unknown; readonly errors?: readonly unknown[] };
  return isRefusedCredential(cause) || (errors ?? []).some(isRefusedCredential);
}
