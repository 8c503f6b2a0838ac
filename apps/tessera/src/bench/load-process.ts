// The callers of the freshness benchmark, in a process of their own: tracking calls over HTTP, one event each, at a steady rate.
// Started with an address, a write key and a plan over the channel; answers once, when the last call is answered.
// L1 Times are of the machine's monotonic clock: they compare with those of other processes on it.
import { Agent, request } from 'node:http';
import { monotonicMs } from './latencies.js';
import { callAt, type LoadPlan } from './load-plan.js';

export interface LoadQuestion extends LoadPlan {
  readonly url: string;
  readonly writeKey: string;
}

/** By call, milliseconds of `monotonicMs`. */
export interface LoadAnswer {
  readonly dueMs: readonly number[];
  /** When the 2xx was there; -1 for a call that was not accepted. */
  readonly acceptedMs: readonly number[];
  /** What was answered instead of a 2xx, the first of them. */
  readonly refusals: readonly string[];
}

const SOCKETS_MAX = 256;
const REFUSALS_MAX = 5;
const TIMEOUT_MS = 30_000;

process.once('message', (question: LoadQuestion) => {
  void run(question).then((answer) => process.send?.(answer, () => process.exit(0)));
});
process.on('disconnect', () => process.exit(1));

async function run(question: LoadQuestion): Promise<LoadAnswer> {
  const { calls } = question;
  const agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX });
  const dueMs = new Array<number>(calls).fill(0);
  const acceptedMs = new Array<number>(calls).fill(-1);
  const refusals: string[] = [];
  const underWay: Promise<void>[] = [];
  const beganMs = monotonicMs();
  for (let next = 0; next < calls;) {
    const elapsedMs = monotonicMs() - beganMs;
    for (; next < calls; next++) {
      const index = next;
      const call = callAt(index, question);
      if (call.dueMs > elapsedMs) break;
      dueMs[index] = beganMs + call.dueMs;
      const answered = post(question, agent, bodyOf(index, call)).then(
        () => void (acceptedMs[index] = monotonicMs()),
        (error: Error) => void (refusals.length < REFUSALS_MAX && refusals.push(error.message)),
      );
      underWay.push(answered);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(underWay);
  return { dueMs, acceptedMs, refusals };
}

function bodyOf(index: number, { userId, state }: ReturnType<typeof callAt>): string {
  return JSON.stringify({
    userId,
    event: 'Product Viewed',
    messageId: `call-${String(index)}`,
    timestamp: new Date().toISOString(),
    properties: { state, sku: `X-${String(index % 500)}`, price: (index % 10_000) / 100, category: 'shoes' },
  });
}

function post({ url, writeKey }: LoadQuestion, agent: Agent, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Basic ${btoa(`${writeKey}:`)}`, 'content-type': 'application/json' };
    const sent = request(`${url}/v1/track`, { method: 'POST', agent, headers, timeout: TIMEOUT_MS }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve();
        else reject(new Error(`${String(status)}: ${text.slice(0, 300)}`));
      });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${String(TIMEOUT_MS)} ms`)));
    sent.on('error', reject);
    sent.end(body);
  });
}
