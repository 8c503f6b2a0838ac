// Who may import whom: a package that is not in the row of another is not imported by it.
// M1 The core points left: time, hash, codec, contracts, runtime (its types), consent, identity, features, segments, decisions; tracking (calls to
//    events) and catalog (definitions) stand beside it.
// M2 Apps import no app; apps/tessera is the one composition root.
// M3 Adapters (log-*, state-*) are named by wiring.ts of libs/service, by the testkit, and by tests.

const LEAVES = ['time', 'hash', 'codec'];
const EDGE = [...LEAVES, 'contracts', 'runtime', 'nest', 'telemetry', 'service'];
const APPS = ['app-ingestion', 'app-identity', 'app-features', 'app-segments', 'app-decisions'];

/** Rows by package, without the scope. */
export const IMPORTS = {
  time: [],
  hash: [],
  codec: [],
  contracts: ['time', 'hash'],
  runtime: [...LEAVES, 'contracts'],
  consent: [...LEAVES, 'contracts', 'runtime'],
  identity: [...LEAVES, 'contracts', 'runtime', 'consent'],
  features: [...LEAVES, 'contracts', 'runtime', 'consent', 'identity'],
  segments: [...LEAVES, 'contracts', 'runtime', 'consent', 'identity', 'features'],
  decisions: [...LEAVES, 'contracts', 'runtime', 'consent', 'identity', 'segments'],
  tracking: [...LEAVES, 'contracts', 'runtime', 'consent', 'identity'],
  catalog: [...LEAVES, 'contracts', 'runtime', 'consent', 'identity', 'features', 'segments', 'decisions'],

  'log-memory': [...LEAVES, 'contracts', 'runtime'],
  'log-lmdb': [...LEAVES, 'contracts', 'runtime', 'lmdb-environment'],
  'state-memory': [...LEAVES, 'contracts', 'runtime'],
  'state-lmdb': [...LEAVES, 'contracts', 'runtime', 'lmdb-environment'],
  'lmdb-environment': ['contracts', 'runtime'],
  telemetry: ['contracts', 'runtime'],
  nest: [...LEAVES, 'contracts', 'runtime', 'telemetry'],
  testkit: [
    ...LEAVES,
    'contracts',
    'runtime',
    'consent',
    'identity',
    'features',
    'segments',
    'decisions',
    'tracking',
    'catalog',
    'log-memory',
    'state-memory',
  ],
  'log-kafka': ['contracts', 'hash', 'codec', 'runtime'],
  'state-mongo': ['contracts', 'hash', 'codec', 'runtime'],
  'object-store': ['runtime'],
  'log-archive': ['contracts', 'codec', 'runtime', 'object-store'],
  service: [
    'settings',
    'contracts',
    'runtime',
    'telemetry',
    'nest',
    'catalog',
    'log-lmdb',
    'log-kafka',
    'log-archive',
    'object-store',
    'state-lmdb',
    'state-mongo',
  ],
  'read-model': ['contracts', 'hash', 'runtime', 'decisions', 'catalog'],
  settings: ['time'],

  'app-ingestion': [...EDGE, 'consent', 'identity', 'tracking', 'catalog'],
  'app-identity': [...EDGE, 'consent', 'identity', 'catalog'],
  'app-features': [...EDGE, 'consent', 'identity', 'features', 'catalog'],
  'app-segments': [...EDGE, 'consent', 'identity', 'features', 'segments', 'catalog', 'read-model'],
  'app-decisions': [...EDGE, 'consent', 'identity', 'decisions', 'catalog', 'read-model'],
  'app-tessera': [
    ...EDGE,
    'log-memory',
    'state-memory',
    'lmdb-environment',
    'object-store',
    ...APPS,
    'settings',
    'consent',
    'identity',
    'features',
    'segments',
    'decisions',
    'catalog',
    'tracking',
    'testkit',
  ],
};

/** Adapters, by the form of their name. */
export const isAdapter = (name) => /^(log|state)-/.test(name);

/**
 * Values that decisions may take from segments beside its types: what compiles a definition. Its stages and stores are out of reach:
 * decisions answer while segments are stopped.
 */
export const SEGMENTS_FOR_DECISIONS = ['compileSet', 'EVALUATOR_VERSION'];
