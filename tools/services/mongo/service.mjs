// The MongoDB stand-in as one of the servers that `npm run test:services` starts.
import { startMongo } from './stand-in.mjs';

export const mongoService = {
  name: 'MongoDB',
  variable: 'TESSERA_MONGO_URI',
  async start(folder) {
    const server = await startMongo({ folder });
    return { address: server.uri, stop: () => server.destroy() };
  },
};
