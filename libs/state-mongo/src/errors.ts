// What goes wrong between us and MongoDB, in three forms: repeated, given back to the loop, or told to the operator.
// E1 An error that goes away by itself (network, election, time limit) is repeated a bounded number of times, then a RetryableError.
//    Every command of this library may be repeated: writes are guarded, reads change nothing.
// E2 What an operator must change (address, credentials, rights, a newer schema) is a StoreSettingsError and is not repeated.
// E3 No message holds a password.
import { setTimeout as wait } from 'node:timers/promises';
import { RetryableError } from '@tessera/runtime';
import mongoose from 'mongoose';

/** The store cannot be used as it is set up: repeating changes nothing. */
export class StoreSettingsError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(redacted(message), options);
    this.name = 'StoreSettingsError';
  }
}

export interface RetryPolicy {
  /** Tries of one command, the first included. */
  readonly attempts: number;
  /** Pause before the second try; doubles with each further one. */
  readonly firstPauseMs: number;
  readonly pauseMsMax: number;
}

const { MongoError, MongoNetworkError, MongoServerError, MongoServerSelectionError, MongoWriteConcernError } = mongoose.mongo;

/**
 * Server codes of what passes: no primary, stepping down, shutting down, time limits, network between nodes, write concern not
 * reached in time, a cursor that is gone.
 */
const PASSING = new Set([
  6, 7, 43, 50, 63, 64, 75, 89, 91, 134, 150, 189, 202, 234, 262, 317, 358, 384, 9001, 10107, 11600, 11602, 13388, 13435, 13436,
]);
const PASSING_LABELS = ['RetryableWriteError', 'RetryableError', 'SystemOverloadedError', 'ResumableChangeStreamError'];
/** By name, since the driver does not export their classes. */
const PASSING_NAMES = new Set(['MongoPoolClearedError', 'MongoWaitQueueTimeoutError', 'MongooseServerSelectionError']);
/** Of the system's own errors, which the driver does not always wrap. */
const PASSING_SYSTEM = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);
/** Unauthorized, authentication failed (also of hosted services), the user is unknown. */
const DENIED = new Set([11, 13, 18, 8000]);

export function isPassing(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { name, code } = error as { readonly name?: unknown; readonly code?: unknown };
  if (PASSING_NAMES.has(String(name)) || PASSING_SYSTEM.has(String(code))) return true;
  if (!(error instanceof MongoError)) return false;
  if (
    error instanceof MongoNetworkError ||
    error instanceof MongoServerSelectionError ||
    error instanceof MongoWriteConcernError
  ) {
    return !isDenied(error.cause);
  }
  return PASSING_LABELS.some((label) => error.hasErrorLabel(label)) || PASSING.has(Number(error.code));
}

/**
 * The result of `attempt`, repeated while its errors pass. Throws RetryableError when they do not pass in time, StoreSettingsError
 * where we are not let in, and what it got otherwise. `what` begins the sentence: "writing 20 documents of features/3".
 */
export async function persistently<T>(policy: RetryPolicy, what: string, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      if (!isPassing(error)) throw asTold(what, error);
      // Selecting a server has waited its own time already.
      if (tries >= policy.attempts || isSelection(error)) throw givenUp(what, tries, error);
      await wait(Math.min(policy.firstPauseMs * 2 ** (tries - 1), policy.pauseMsMax));
    }
  }
}

/** Without the user and password of an address. */
export function redacted(message: string): string {
  return message.replace(/(mongodb(?:\+srv)?:\/\/)[^\s/]*@/gi, '$1…@');
}

function isSelection(error: unknown): boolean {
  return error instanceof MongoServerSelectionError || (error instanceof Error && error.name === 'MongooseServerSelectionError');
}

function isDenied(error: unknown): boolean {
  return error instanceof MongoServerError && DENIED.has(Number(error.code));
}

function givenUp(what: string, tries: number, cause: unknown): RetryableError {
  const times = tries === 1 ? '' : ` ${String(tries)} times`;
  return new RetryableError(redacted(`${what} failed${times}: ${textOf(cause)}`), { cause });
}

function asTold(what: string, error: unknown): unknown {
  if (!isDenied(error)) return error;
  return new StoreSettingsError(
    `${what} was refused by MongoDB: ${textOf(error).replace(/\.$/, '')}. The user of TESSERA_MONGO_URI needs the right password and the role readWrite on its database.`,
    { cause: error },
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
