// What the people of the play send, through the unmodified SDK that a real shop would use.
// K1 Every call is written down as it is sent, with the time it happened: the naive recomputation reads that list and nothing else.
// K2 Calls of one `send` are one request: they arrive at one moment.
// K3 A call is accepted when the server has answered for the request that carried it. (The SDK's own callbacks come 300 ms late, so the
//    answers are noted where they arrive: in the fetch that the SDK is configured with.)
import { Analytics } from '@segment/analytics-node';
import type { Parted, Sent, WhoAsked } from './naive.js';

/** A call as a person of the play makes it; without `agoMs` it happens now. */
export interface Call extends WhoAsked {
  readonly event?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly traits?: Readonly<Record<string, unknown>>;
  readonly agoMs?: number;
  /** Of a call sent before: a client that tries again. */
  readonly messageId?: string;
}

type Params = Parameters<Analytics['track']>[0];

export class Tracking {
  readonly sent: Sent[] = [];
  readonly parted: Parted[] = [];
  readonly failures: string[] = [];
  private readonly sdk: Analytics;
  private readonly underWay = new Map<string, (accepted: boolean) => void>();
  private messages = 0;

  constructor(
    host: string,
    writeKey: string,
    private readonly run: string,
  ) {
    this.sdk = new Analytics({
      host,
      writeKey,
      path: '/v1/batch',
      flushAt: 100,
      flushInterval: 5,
      maxRetries: 3,
      httpClient: (url, request) => this.fetched(url, request as RequestInit),
    });
    this.sdk.on('error', (error) => {
      this.failures.push(describe(error));
      for (const settle of this.underWay.values()) settle(false);
    });
  }

  /** Resolves when the server has accepted them. */
  async send(...calls: readonly Call[]): Promise<readonly Sent[]> {
    const nowMs = Date.now();
    const sent = calls.map((call) => this.written(call, nowMs));
    this.sent.push(...sent);
    await Promise.all(sent.map((one) => this.deliver(one)));
    return sent;
  }

  async stop(): Promise<void> {
    await this.sdk.closeAndFlush({ timeout: 2_000 });
  }

  private written({ agoMs = 0, messageId, ...call }: Call, nowMs: number): Sent {
    return {
      ...call,
      messageId: messageId ?? `${this.run}-${String(++this.messages).padStart(4, '0')}`,
      type: call.traits === undefined ? 'track' : 'identify',
      atMs: nowMs - agoMs,
      arrivedMs: nowMs,
    };
  }

  private deliver({ type, atMs, arrivedMs: _, ...call }: Sent): Promise<void> {
    const params = { ...call, timestamp: new Date(atMs) } as unknown as Params;
    return new Promise((resolve, reject) => {
      this.underWay.set(call.messageId, (accepted) => {
        this.underWay.delete(call.messageId);
        if (accepted) resolve();
        else reject(new Error(`the call ${call.messageId} was not accepted: ${this.failures.at(-1) ?? ''}`));
      });
      if (type === 'identify') this.sdk.identify(params);
      else this.sdk.track(params);
    });
  }

  private async fetched(url: string, request: RequestInit): Promise<Response> {
    const response = await fetch(url, request);
    if (response.ok) {
      const { batch } = JSON.parse(request.body as string) as { batch: readonly { messageId: string }[] };
      for (const { messageId } of batch) this.underWay.get(messageId)?.(true);
    }
    return response;
  }
}

function describe(error: unknown): string {
  if (error instanceof Error) return error.message;
  return JSON.stringify(error) ?? String(error);
}
