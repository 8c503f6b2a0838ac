// A small sound repository, and for each rule texts that break it.

const manifest = (name, dependencies = {}, more = {}) =>
  JSON.stringify({ name: `@tessera/${name}`, version: '0.1.0', license: 'Apache-2.0', dependencies, ...more });
const lock = (packages) => JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages } });
const lines = (count, line = '// a line') => Array.from({ length: count }, () => `${line}\n`).join('');

const SOUND_PACKAGE = {
  version: '1.0.0',
  resolved: 'https://registry.npmjs.org/left/-/left-1.0.0.tgz',
  integrity: 'sha512-x',
  license: '(MIT OR GPL-3.0)',
};
const OWN = '@tessera/';

/** Texts by path, without a violation. */
export const soundTexts = () => ({
  'package.json': JSON.stringify({ name: 'tessera', devDependencies: { left: '1.0.0', alias: 'npm:left@1.0.0' } }),
  'package-lock.json': lock({
    'node_modules/left': SOUND_PACKAGE,
    'node_modules/only-dev': { ...SOUND_PACKAGE, dev: true, license: 'GPL-3.0' },
  }),
  '.npmrc': 'ignore-scripts=true\n',
  'README.md':
    '# Hello\n\n[time](libs/time), [down](#down), [web](https://example.com/nothing), `[code](nowhere.md)`\n\n## Down\n',
  'proto/a.proto': 'syntax = "proto3";\n\n// One thing.\nmessage One {\n  string a = 1;\n}\n\nmessage GetOneRequest {}\n',
  'libs/time/package.json': manifest('time'),
  'libs/time/README.md': '# time\n',
  'libs/time/src/index.ts': "export * from './now.js';\n",
  'libs/time/src/now.ts': '// Times.\nexport const EPOCH = 0;\n',
  'libs/segments/package.json': manifest('segments', { '@tessera/time': '0.1.0' }),
  'libs/segments/README.md': '# segments\n',
  'libs/segments/src/index.ts': "export * from './rule.js';\n",
  'libs/segments/src/rule.ts': `// Rules.\nimport { EPOCH } from '${OWN}time';\nexport const compileSet = () => EPOCH;\n`,
  'libs/segments/test/rule.test.ts': `import { MemoryLog } from '${OWN}log-memory';\nimport '../src/index.js';\n`,
  'libs/decisions/package.json': manifest('decisions', { '@tessera/segments': '0.1.0' }),
  'libs/decisions/README.md': '# decisions\n',
  'libs/decisions/src/index.ts': `// Decisions.\nimport { compileSet, type Verdict } from '${OWN}segments';\nexport const decide = (v: Verdict) => v ?? compileSet();\n`,
  'libs/log-memory/package.json': manifest('log-memory'),
  'libs/log-memory/README.md': '# log-memory\n',
  'libs/service/package.json': manifest('service', { '@tessera/log-memory': '0.1.0' }),
  'libs/service/README.md': '# service\n',
  'apps/tessera/package.json': manifest('app-tessera'),
  'libs/service/src/wiring.ts': `// Wiring.\nimport { MemoryLog } from '${OWN}log-memory';\nexport const log = new MemoryLog();\n`,
  'apps/tessera/src/config.ts': '// Configuration.\nexport const port = process.env.PORT;\n',
});

const time = 'libs/time/src/now.ts';
const rule = 'libs/segments/src/rule.ts';
const app = 'apps/tessera/src/main.ts';

/** { rule, what, texts, found } */
export const PLANTED = [
  {
    rule: 'direction',
    what: 'time imports segments',
    texts: { [time]: `// Times.\nimport { compileSet } from '${OWN}segments';\n` },
    found: [`${time}:2 time may not import segments`],
  },
  {
    rule: 'direction',
    what: 'a type from the right is an import too, and so is a dynamic one',
    texts: {
      [rule]: `// Rules.\nimport type { D } from '${OWN}decisions';\nawait import('${OWN}testkit');\nexport * from '${OWN}catalog';\n`,
    },
    found: ['decisions', 'testkit', 'catalog'].map((to, i) => `${rule}:${i + 2} segments may not import ${to}`),
  },
  {
    rule: 'direction',
    what: 'an app imports an app',
    texts: {
      'apps/features/package.json': manifest('app-features'),
      'apps/features/src/main.ts': `// Features.\nimport { SegmentsModule } from '${OWN}app-segments';\n`,
    },
    found: ['apps/features/src/main.ts:2 app-features may not import app-segments'],
  },
  {
    rule: 'direction',
    what: 'a library without a row',
    texts: { 'libs/extra/package.json': manifest('extra') },
    found: ['libs/extra/package.json extra has no row in the table'],
  },
  {
    rule: 'adapters',
    what: 'an app names an adapter outside of wiring.ts',
    texts: { [app]: `// Main.\nimport { LmdbLog } from '${OWN}log-lmdb';\n` },
    found: [`${app}:2 log-lmdb is named outside of wiring.ts`],
  },
  {
    rule: 'adapters',
    what: 'another library calls a file of its own wiring.ts',
    texts: { 'libs/segments/src/wiring.ts': `// Wiring.\nimport { LmdbState } from '${OWN}state-lmdb';\n` },
    found: ['libs/segments/src/wiring.ts:2 state-lmdb is named outside of wiring.ts'],
  },
  {
    rule: 'decisionsAlone',
    what: 'decisions take a stage of segments',
    texts: { 'libs/decisions/src/index.ts': `// D.\nimport { compileSet, segmentsStage } from '${OWN}segments';\n` },
    found: ['libs/decisions/src/index.ts:2 decisions may not take segmentsStage from segments'],
  },
  {
    rule: 'decisionsAlone',
    what: 'decisions take all of segments',
    texts: { 'libs/decisions/src/index.ts': `// D.\nimport * as segments from '${OWN}segments';\n` },
    found: ['libs/decisions/src/index.ts:2 decisions may not take everything from segments'],
  },
  {
    rule: 'declared',
    what: 'an import without a declaration',
    texts: { [time]: "// Times.\nimport left from 'left/part.js';\nimport { join } from 'node:path';\n" },
    found: [`${time}:2 left is not among the dependencies of @tessera/time`],
  },
  {
    rule: 'used',
    what: 'a declaration without an import',
    texts: { 'libs/time/package.json': manifest('time', { left: '1.0.0' }) },
    found: ['libs/time/package.json left is declared and never imported'],
  },
  {
    rule: 'doors',
    what: 'a relative import out of the package, its own index.ts, its own name, a file behind a door',
    texts: {
      [rule]: `// Rules.\nimport '../../time/src/now.js';\nimport './index.js';\nimport '${OWN}segments';\nimport '${OWN}time/dist/now.js';\n`,
    },
    found: [
      `${rule}:2 ../../time/src/now.js leaves the package`,
      `${rule}:3 imports an index.ts of its own package`,
      `${rule}:4 imports its own package by name`,
      `${rule}:5 ${OWN}time/dist/now.js goes past the door`,
    ],
  },
  {
    rule: 'doors',
    what: 'a test that reaches into another package',
    texts: { 'libs/segments/test/rule.test.ts': "import '../../time/src/now.js';\n" },
    found: ['libs/segments/test/rule.test.ts:1 ../../time/src/now.js leaves the package'],
  },
  {
    rule: 'cycles',
    what: 'two files that need each other',
    texts: {
      'libs/time/src/a.ts': "// A.\nimport { b } from './b.js';\nexport const a = () => b;\n",
      'libs/time/src/b.ts': "// B.\nimport { a } from './a.js';\nexport const b = () => a;\n",
      'libs/time/src/c.ts': "// C.\nimport type { a } from './d.js';\n",
      'libs/time/src/d.ts': "// D.\nimport './c.js';\n",
    },
    found: ['libs/time/src/a.ts libs/time/src/a.ts -> libs/time/src/b.ts -> libs/time/src/a.ts'],
  },
  {
    rule: 'environment',
    what: 'a library reads the environment',
    texts: { [time]: "// Times.\nconst zone = process.env.TZ;\nconst same = process['env'];\n" },
    found: [`${time}:2 reads the environment`, `${time}:3 reads the environment`],
  },
  {
    rule: 'names',
    what: 'a library and two files',
    texts: {
      'libs/common/package.json': manifest('common'),
      'libs/time/src/utils.ts': '// U.\n',
      'libs/time/src/helpers/parse.ts': '// P.\n',
    },
    found: ['libs/common/package.json', 'libs/time/src/helpers/parse.ts', 'libs/time/src/utils.ts'].map(
      (path) => `${path} is named for no noun`,
    ),
  },
  {
    rule: 'headers',
    what: 'a source file that begins with an import',
    texts: { [rule]: "import './a.js';\n// Rules.\n" },
    found: [`${rule}:1 opens without a comment`],
  },
  {
    rule: 'readmes',
    what: 'a library without one',
    texts: { 'libs/extra/package.json': manifest('extra') },
    found: ['libs/extra has no README.md'],
  },
  {
    rule: 'sizes',
    what: 'a long file, and a long test',
    texts: { [time]: lines(401), 'libs/time/test/now.test.ts': lines(1001), 'libs/time/test/other.test.ts': lines(1000) },
    found: [`${time} has 401 lines`, 'libs/time/test/now.test.ts has 1001 lines'],
  },
  {
    rule: 'sizes',
    what: 'a long function, method and arrow; one that just fits',
    texts: {
      [time]: `// Times.\nfunction long() {\n${lines(69)}}\nclass A { run() {\n${lines(69)}} }\nconst arrow = () => {\n${lines(69)}};\nfunction fits() {\n${lines(68)}}\n`,
    },
    found: [`${time}:2 long has 71 lines`, `${time}:73 run has 71 lines`, `${time}:144 arrow has 71 lines`],
  },
  {
    rule: 'leftovers',
    what: 'a note for later, and a file beside the one that it replaces',
    texts: { [time]: `// Times.\n// TO${'DO'}: zones\n`, 'libs/time/src/now-v2.ts': '// Times.\n' },
    found: [`${time}:2 leaves something to be done`, 'libs/time/src/now-v2.ts stands beside what it replaces'],
  },
  {
    rule: 'privacy',
    what: 'paths of machines and a registry',
    texts: {
      'docs/run.md': 'cd /home/ada/tessera\n\nopen C:\\Users\\ada\n\nprices at /home-page\n',
      '.npmrc': 'ignore-scripts=true\nregistry=https://npm.example.com/\n',
    },
    found: [
      'docs/run.md:1 names a path of some machine',
      'docs/run.md:3 names a path of some machine',
      '.npmrc:2 names a registry of its own',
    ],
  },
  {
    rule: 'pins',
    what: 'ranges, tags and addresses',
    texts: {
      'package.json': JSON.stringify({ name: 'tessera', devDependencies: { a: '^1.0.0', b: 'latest' }, overrides: { c: '1.x' } }),
      'libs/time/package.json': manifest('time', { d: 'github:someone/d', e: 'npm:f@~1.0.0' }),
    },
    found: [
      'package.json a ^1.0.0 is no exact version',
      'package.json b latest is no exact version',
      'package.json c 1.x is no exact version',
      'libs/time/package.json d github:someone/d is no exact version',
      'libs/time/package.json e npm:f@~1.0.0 is no exact version',
    ],
  },
  {
    rule: 'origins',
    what: 'another registry, no integrity',
    texts: {
      'package-lock.json': lock({
        'node_modules/a': { ...SOUND_PACKAGE, resolved: 'https://npm.example.com/a.tgz' },
        'node_modules/b': { version: '1.0.0', license: 'MIT' },
      }),
    },
    found: [
      'package-lock.json node_modules/a comes from https://npm.example.com/a.tgz',
      'package-lock.json node_modules/b has no integrity',
    ],
  },
  {
    rule: 'scripts',
    what: 'a package with one, and scripts switched on',
    texts: {
      'package-lock.json': lock({ 'node_modules/a': { ...SOUND_PACKAGE, hasInstallScript: true } }),
      '.npmrc': 'ignore-scripts=false\n',
    },
    found: ['package-lock.json a has an install script', '.npmrc does not say ignore-scripts=true'],
  },
  {
    rule: 'licences',
    what: 'copyleft, half a permission, and none',
    texts: {
      'package-lock.json': lock({
        'node_modules/a': { ...SOUND_PACKAGE, license: 'AGPL-3.0' },
        'node_modules/b': { ...SOUND_PACKAGE, license: '(MIT AND GPL-2.0)' },
        'node_modules/c': { ...SOUND_PACKAGE, license: undefined },
      }),
    },
    found: ['a has the licence AGPL-3.0', 'b has the licence (MIT AND GPL-2.0)', 'c has the licence (none)'].map(
      (what) => `package-lock.json ${what}`,
    ),
  },
  {
    rule: 'links',
    what: 'a file, a heading and an image that are not there, and one out of the repository',
    texts: { 'README.md': '# A\n\n[x](docs/x.md)\n[y](#nothing)\n![z](z.png)\n[up](../up.md)\n[t](libs/time/README.md#none)\n' },
    found: [
      'README.md:3 docs/x.md leads nowhere',
      'README.md:4 #nothing names no heading of README.md',
      'README.md:5 z.png leads nowhere',
      'README.md:6 ../up.md leads nowhere',
      'README.md:7 libs/time/README.md#none names no heading of libs/time/README.md',
    ],
  },
  {
    rule: 'messages',
    what: 'a message and a service without a comment',
    texts: { 'proto/a.proto': 'syntax = "proto3";\n\nmessage One {}\n\nservice Ones {\n}\n' },
    found: ['proto/a.proto:3 One has no comment', 'proto/a.proto:5 Ones has no comment'],
  },
];
