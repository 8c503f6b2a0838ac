// Lint. Who may import whom, file sizes and the other rules of the repository are in tools/tidy, not here.
// L1 The core reads no clock, no randomness, no environment and sets no timers: time is an argument (docs/ARCHITECTURE.md).
// L2 Tests fake through ports; modules are never mocked.
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Libraries that hold the pure core: a stage may run any of their code. */
const CORE = ['time', 'hash', 'codec', 'contracts', 'consent', 'identity', 'features', 'segments', 'decisions', 'tracking'];

const RANDOM_NAMES = ['getRandomValues', 'randomBytes', 'randomFill', 'randomFillSync', 'randomInt', 'randomUUID', 'webcrypto'];

const impure = (selector, what) => ({
  selector,
  message: `${what} is not for the core: take it as an argument or through a port.`,
});

const coreRules = {
  'no-restricted-syntax': [
    'error',
    impure("NewExpression[callee.name='Date'][arguments.length=0]", 'The present time'),
    impure("CallExpression[callee.name='Date']", 'The present time'),
    impure("MemberExpression[object.name='Date'][property.name='now']", 'The present time'),
    impure("MemberExpression[object.name='performance']", 'The present time'),
    impure("MemberExpression[object.name='Math'][property.name='random']", 'Randomness'),
    impure("MemberExpression[object.name='crypto']", 'Randomness'),
    impure("MemberExpression[object.name='process']", 'The process'),
  ],
  'no-restricted-globals': [
    'error',
    ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch', 'process', 'performance', 'crypto'].map(
      (name) => ({
        name,
        message: 'Not for the core: no timers, no environment, no I/O.',
      }),
    ),
  ],
  'no-restricted-imports': [
    'error',
    {
      paths: [
        { name: 'node:crypto', importNames: RANDOM_NAMES, message: 'Randomness is not for the core.' },
        { name: 'crypto', message: 'Name built-in modules with node:.' },
      ],
      patterns: [
        { group: ['node:*', '!node:crypto', '!node:buffer'], message: 'The core does no I/O and reads no environment.' },
        { group: ['@nestjs/*', 'reflect-metadata', 'rxjs', 'rxjs/*'], message: 'Nest stays at the door (docs/ARCHITECTURE.md).' },
      ],
    },
  ],
};

const mocks = ['mock', 'unstable_mockModule', 'doMock', 'setMock', 'createMockFromModule'].map((property) => ({
  object: 'jest',
  property,
  message: 'Fake through ports, never by mocking modules.',
}));

export default defineConfig(
  { ignores: ['**/node_modules/', '**/dist/', '**/generated/', 'coverage/', '.nx/', '.cache/', '.tessera/'] },
  tseslint.configs.recommended,
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-else-return': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'no-console': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
    },
  },
  { files: CORE.map((name) => `libs/${name}/src/**/*.ts`), rules: coreRules },
  { files: ['libs/**', 'apps/**', 'tools/**'], rules: { 'no-restricted-properties': ['error', ...mocks] } },
  // Nest needs the classes of constructor parameters at run time: a type import would break injection.
  { files: ['apps/**/*.ts', 'libs/nest/**/*.ts'], rules: { '@typescript-eslint/consistent-type-imports': 'off' } },
  { files: ['libs/*/src/**', 'apps/*/src/**'], ignores: ['apps/tessera/**'], rules: { 'no-console': 'error' } },
);
