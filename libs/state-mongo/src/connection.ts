// The one connection of a store.
// N1 What cannot be used as it is set up is a StoreSettingsError that says what to change; a server that does not answer is a RetryableError.
import mongoose from 'mongoose';
import { persistently, StoreSettingsError } from './errors.js';
import type { StoreSettings } from './options.js';

/** Resolves when a server that takes writes has been found and has let us in. */
export async function connect(settings: StoreSettings): Promise<mongoose.Connection> {
  const connection = mongoose.createConnection();
  // Errors reach the callers of commands; without a listener mongoose would throw them once more.
  connection.on('error', () => undefined);
  try {
    const once = { ...settings.retries, attempts: 1 };
    await persistently(once, 'connecting to MongoDB', () => opened(connection, settings));
    return connection;
  } catch (error) {
    await connection.close(true).catch(() => undefined);
    throw error;
  }
}

async function opened(connection: mongoose.Connection, { uri, client }: StoreSettings): Promise<void> {
  try {
    await connection.openUri(uri, client);
  } catch (error) {
    if (!(
      error instanceof mongoose.mongo.MongoAPIError ||
      error instanceof mongoose.mongo.MongoParseError ||
      error instanceof mongoose.MongooseError
    ))
      throw error;
    if (error.name === 'MongooseServerSelectionError') throw error;
    throw new StoreSettingsError(
      `the address of MongoDB is not usable: ${error.message}. TESSERA_MONGO_URI is mongodb://USER:PASSWORD@HOST:PORT/DATABASE?OPTIONS`,
      { cause: error },
    );
  }
}
