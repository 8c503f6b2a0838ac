// An idempotent producer: batches that are ready at once go to their leaders in one request per broker.
// I1 A partition has one batch under way, so a repeated one is always the last that the broker may have of us: it answers with the
//    offset of the first time. The offset that a caller gets is true after any number of tries.
// I2 A batch keeps producer and sequence through all its tries. Only where the broker says that it does not follow on what it has of us
//    (and so has not taken it) does it get a new producer.
// I3 The answer must name the partition and its offset: what it does not name is not acknowledged.
// I4 A batch that is given up may still be in the log or come into it. Its partition then goes on with a new producer.
import { initProducerIdV4, protocolErrors, protocolErrorsCodesById } from '@platformatic/kafka';
import { RetryableError } from '@tessera/runtime';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WireRecord } from '../client.js';
import { reasonIn } from '../refusal.js';
import { isRetriable, type Cluster } from './cluster.js';
import { sendBatches, type ProduceVerdict, type SealedBatch } from './produce-request.js';
import { setProducer, writeBatch, type ProducerState } from './record-batch-writer.js';

/** Requests to one broker that wait for their answers; what comes meanwhile shares the next. */
const REQUESTS_PER_BROKER = 3;
const REQUEST_BYTES_MAX = 16 << 20;
const BACKOFF_MS = 20;
const BACKOFF_MS_MAX = 1_000;
const SEQUENCE_END = 2 ** 31;
const NOT_FOLLOWING = new Set(['OUT_OF_ORDER_SEQUENCE_NUMBER', 'UNKNOWN_PRODUCER_ID']);

interface Pending extends SealedBatch {
  readonly settle: (verdict: ProduceVerdict) => void;
  readonly fail: (error: unknown) => void;
}

interface Lane {
  producer: ProducerState | undefined;
}

interface Gate {
  waiting: Pending[];
  requests: number;
  scheduled: boolean;
}

export class IdempotentProducer {
  private readonly lanes = new Map<string, Lane>();
  private readonly gates = new Map<number, Gate>();
  /** The first of all lanes share one: a new one is a question to the cluster. */
  private shared: Promise<{ readonly id: bigint; readonly epoch: number }> | undefined;

  constructor(
    private readonly cluster: Cluster,
    private readonly deliveryMs: number,
    private readonly requestMs: number,
  ) {}

  /** Resolves with the offset of the first record. */
  async produce(topic: string, partition: number, records: readonly WireRecord[]): Promise<number> {
    const name = `${topic}/${String(partition)}`;
    let lane = this.lanes.get(name);
    if (lane === undefined) this.lanes.set(name, (lane = { producer: undefined }));
    const deadline = performance.now() + this.deliveryMs;
    let batch: Buffer | undefined;
    let failure: unknown;
    let fresh = false;
    for (let pauseMs = BACKOFF_MS; performance.now() < deadline; pauseMs = Math.min(pauseMs * 2, BACKOFF_MS_MAX)) {
      try {
        lane.producer ??= await this.newProducer(failure !== undefined);
        batch ??= writeBatch(records, lane.producer);
        const leader = await this.cluster.leaderOf(topic, partition, fresh);
        const verdict = await this.send(leader, { topic, partition, bytes: batch });
        if (verdict.errorCode === 0 && verdict.baseOffset >= 0) {
          lane.producer.sequence = (lane.producer.sequence + records.length) % SEQUENCE_END;
          return verdict.baseOffset;
        }
        failure = failureOf(name, verdict);
        const id = protocolErrorsCodesById[verdict.errorCode as keyof typeof protocolErrorsCodesById] as string;
        if (NOT_FOLLOWING.has(id)) {
          lane.producer = await this.newProducer(true);
          setProducer(batch, lane.producer);
        } else if (!(failure instanceof RetryableError)) break;
      } catch (error) {
        failure = error;
        if (!isRetriable(error)) break;
      }
      fresh = true;
      await sleep(Math.min(pauseMs, Math.max(0, deadline - performance.now())));
    }
    lane.producer = undefined;
    this.shared = undefined;
    throw givenUp(name, failure, this.deliveryMs);
  }

  private send(leader: number, batch: SealedBatch): Promise<ProduceVerdict> {
    let gate = this.gates.get(leader);
    if (gate === undefined) this.gates.set(leader, (gate = { waiting: [], requests: 0, scheduled: false }));
    const open = gate;
    return new Promise((settle, fail) => {
      open.waiting.push({ ...batch, settle, fail });
      this.schedule(leader, open);
    });
  }

  /** After the microtasks of this turn: the batches of all partitions that became ready in it. */
  private schedule(leader: number, gate: Gate): void {
    if (gate.scheduled || gate.requests >= REQUESTS_PER_BROKER || gate.waiting.length === 0) return;
    gate.scheduled = true;
    setImmediate(() => {
      gate.scheduled = false;
      void this.request(leader, gate);
    });
  }

  private async request(leader: number, gate: Gate): Promise<void> {
    let count = 0;
    for (let bytes = 0; count < gate.waiting.length && (count === 0 || bytes < REQUEST_BYTES_MAX); count++)
      bytes += gate.waiting[count]?.bytes.length ?? 0;
    const batches = gate.waiting.splice(0, count);
    if (batches.length === 0) return;
    gate.requests += 1;
    this.schedule(leader, gate);
    try {
      const connection = await this.cluster.connection(leader, 'produce');
      const verdicts = await sendBatches(connection, batches, this.requestMs);
      for (const { topic, partition, settle, fail } of batches) {
        const verdict = verdicts.get(`${topic}/${String(partition)}`);
        if (verdict === undefined)
          fail(new RetryableError(`the answer of broker ${String(leader)} does not name ${topic}[${String(partition)}]`));
        else settle(verdict);
      }
    } catch (error) {
      for (const { fail } of batches) fail(error);
    }
    gate.requests -= 1;
    this.schedule(leader, gate);
  }

  private async newProducer(own: boolean): Promise<ProducerState> {
    const asked = own ? this.askForProducer() : (this.shared ??= this.askForProducer());
    try {
      const { id, epoch } = await asked;
      return { id, epoch, sequence: 0 };
    } catch (error) {
      this.shared = undefined;
      throw error;
    }
  }

  private async askForProducer(): Promise<{ readonly id: bigint; readonly epoch: number }> {
    const connection = await this.cluster.anyConnection();
    const { producerId, producerEpoch } = await initProducerIdV4.api.async(connection, null, this.requestMs, -1n, -1);
    return { id: producerId, epoch: producerEpoch };
  }
}

function failureOf(name: string, { errorCode, errorMessage }: ProduceVerdict): Error {
  const id = protocolErrorsCodesById[errorCode as keyof typeof protocolErrorsCodesById] as
    keyof typeof protocolErrors | undefined;
  const known = id === undefined ? undefined : protocolErrors[id];
  const text = `${name}: ${known?.id ?? `error ${String(errorCode)}`}${errorMessage === null ? '' : ` (${errorMessage})`}`;
  return known?.canRetry === true || (id !== undefined && NOT_FOLLOWING.has(id)) ? new RetryableError(text) : new Error(text);
}

function givenUp(name: string, failure: unknown, deliveryMs: number): Error {
  const why = failure instanceof Error ? reasonIn(failure) : 'no answer';
  const text = `the brokers did not acknowledge an append to ${name} within ${String(deliveryMs)} ms: ${why}`;
  return failure !== undefined && !isRetriable(failure)
    ? new Error(`the brokers refuse an append to ${name}: ${why}`, { cause: failure })
    : new RetryableError(text, { cause: failure });
}
