// How the store is opened. Every time and every number has a bound of its own here; concern levels are not for choice.
import type mongoose from 'mongoose';
import type { RetryPolicy } from './errors.js';

export interface MongoStateStoreOptions {
  /** `mongodb://…` or `mongodb+srv://…`, with user, password, TLS and replica set as MongoDB has them. */
  readonly uri: string;
  /** Database; else that of the address, else `tessera`. */
  readonly database?: string;
  readonly connectionsMax?: number;
  /** Time to find a server that takes writes: at the start, and in each election. */
  readonly selectionMs?: number;
  /** Time to open a connection, and to see that a server went. */
  readonly connectMs?: number;
  /** Time in which a server answers a command, majority and journal included. */
  readonly answerMs?: number;
  readonly retries?: RetryPolicy;
  /** Documents and bytes of one bulk of writes, documents of one read; bulks and reads of one call that are under way together. */
  readonly limits?: Partial<StoreLimits>;
}

export interface StoreLimits {
  readonly writeDocuments: number;
  readonly writeBytes: number;
  readonly readDocuments: number;
  readonly atOnce: number;
}

export interface StoreSettings {
  readonly uri: string;
  readonly database: string;
  readonly client: mongoose.ConnectOptions;
  readonly retries: RetryPolicy;
  readonly limits: StoreLimits;
  readonly answerMs: number;
}

const DEFAULTS = { database: 'tessera', connectionsMax: 16, selectionMs: 15_000, connectMs: 10_000, answerMs: 20_000 } as const;
const RETRIES: RetryPolicy = { attempts: 5, firstPauseMs: 100, pauseMsMax: 2_000 };
/** 4 MiB are sent in 40 ms over 1 Gbit/s; a document that is larger goes alone. */
const LIMITS: StoreLimits = { writeDocuments: 1_000, writeBytes: 4 << 20, readDocuments: 2_000, atOnce: 4 };

/** Options with defaults. Throws RangeError naming the first number that is no bound. */
export function settingsOf(options: MongoStateStoreOptions): StoreSettings {
  const connectionsMax = positive(options.connectionsMax ?? DEFAULTS.connectionsMax, 'connectionsMax');
  const selectionMs = positive(options.selectionMs ?? DEFAULTS.selectionMs, 'selectionMs');
  const connectMs = positive(options.connectMs ?? DEFAULTS.connectMs, 'connectMs');
  const answerMs = positive(options.answerMs ?? DEFAULTS.answerMs, 'answerMs');
  const limits = { ...LIMITS, ...options.limits };
  for (const [name, value] of Object.entries(limits)) positive(value, `limits.${name}`);
  const retries = options.retries ?? RETRIES;
  positive(retries.attempts, 'retries.attempts');
  return {
    uri: options.uri,
    database: options.database ?? databaseIn(options.uri) ?? DEFAULTS.database,
    retries,
    limits,
    answerMs,
    client: {
      appName: 'tessera',
      bufferCommands: false,
      maxPoolSize: connectionsMax,
      minPoolSize: 1,
      serverSelectionTimeoutMS: selectionMs,
      connectTimeoutMS: connectMs,
      // A little longer than the server takes for itself: its own error says more than a cut connection.
      socketTimeoutMS: answerMs + 2_000,
      waitQueueTimeoutMS: answerMs,
      heartbeatFrequencyMS: 5_000,
      promoteBuffers: true,
      readPreference: 'primary',
      readConcern: { level: 'majority' },
      writeConcern: writeConcernOf(answerMs),
    },
  };
}

/** A write is acknowledged when it is in the journal of most nodes. */
export function writeConcernOf(answerMs: number): {
  readonly w: 'majority';
  readonly journal: true;
  readonly wtimeoutMS: number;
} {
  return { w: 'majority', journal: true, wtimeoutMS: answerMs };
}

/** What stands between the hosts and the question mark. */
function databaseIn(uri: string): string | undefined {
  const name = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri)?.[1];
  return name === undefined ? undefined : decodeURIComponent(name);
}

function positive(value: number, name: string): number {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${name} is ${String(value)}; allowed is a whole number from 1 on`);
  }
  return value;
}
