// The one connection of a store.
// N1 What cannot be used as it is set up is a StoreSettingsError that says what to change; a server that does not answer is a RetryableError.
import mongoose from 'mongoose';
import { persistently, StoreSettingsError } from './errors.js';
import type { StoreSettings } from './options.js';

/** Resolves when a server that takes writes has been found and has let us in. */
export function connect(settings: StoreSettings): Promise<mongoose.Connection> {
  return persistently(settings.retries, 'connecting to MongoDB', () => opened(settings));
}

async function opened({ uri, client }: StoreSettings): Promise<mongoose.Connection> {
  const connection = mongoose.createConnection();
  // Errors reach the callers of commands; without a listener mongoose would throw them once more.
  connection.on('error', () => undefined);
  try {
    await connection.openUri(uri, client);
    return connection;
  } catch (error) {
    await connection.close(true).catch(() => undefined);
    if (!isUnusable(error)) throw error;
    throw new StoreSettingsError(
      `the address of MongoDB is not usable: ${error.message}. TESSERA_MONGO_URI is mongodb://USER:PASSWORD@HOST:PORT/DATABASE?OPTIONS`,
      { cause: error },
    );
  }
}

/** By name: the parser of addresses has error classes of its own. */
function isUnusable(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return ['MongoParseError', 'MongoInvalidArgumentError', 'MongoAPIError', 'MongooseError'].includes(error.name);
}
