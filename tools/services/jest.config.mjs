// The tests that need real servers: `*.services.ts`, one file at a time, since the servers are shared and the machine may be small.
import base from '../../jest.config.mjs';

export default {
  ...base,
  testMatch: ['**/test/**/*.services.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  maxWorkers: 1,
  testTimeout: 180_000,
};
