// One Jest process for the whole workspace (a process per project costs four times as much).
const swc = [
  '@swc/jest',
  {
    jsc: {
      target: 'es2024',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
    },
    module: { type: 'es6' },
    sourceMaps: 'inline',
  },
];

export default {
  rootDir: import.meta.dirname,
  testEnvironment: '<rootDir>/tools/jest/environment.mjs',
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/tools', '<rootDir>/examples'],
  testMatch: ['**/test/**/*.test.ts', '**/test/**/*.test.mjs'],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', '/test/services/'],
  modulePathIgnorePatterns: ['/dist/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': swc },
  moduleNameMapper: {
    '^@tessera/app-(.*)$': '<rootDir>/apps/$1/src/index.ts',
    '^@tessera/(.*)$': '<rootDir>/libs/$1/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  testTimeout: 120_000,
  injectGlobals: false,
};
