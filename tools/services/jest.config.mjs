// The tests that need real servers: `*.services.ts`, one file at a time, since the servers are shared and the machine may be small.
// A test that fails leaves connections behind that keep on trying: the run ends all the same, and the servers with it.
import base from '../../jest.config.mjs';

export default {
  ...base,
  testMatch: ['**/test/**/*.services.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  maxWorkers: 1,
  forceExit: true,
  testTimeout: 600_000,
};
