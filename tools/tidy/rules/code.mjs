// How code looks: environment, names, headers, sizes, leftovers.
import { isGenerated } from '../../repository/tree.mjs';
import { functionsOf, isBarrel } from '../source.mjs';

const FILE_LINES_MAX = 400;
/** A test is a table of cases: it may be longer. */
const TEST_LINES_MAX = 1000;
const FUNCTION_LINES_MAX = 70;

/** Files and functions that may be longer, each with its reason: `path` or `path#function`. */
export const LONG = {};

const isCode = (path) => /\.(ts|mjs|js)$/.test(path) && !isGenerated(path);
const isSource = (path) => /^(libs|apps)\/[^/]+\/src\//.test(path) && path.endsWith('.ts') && !isGenerated(path);
const isTest = (path) => /(^|\/)test\//.test(path);

export const environment = {
  name: 'only config.ts reads the environment',
  check: (tree) =>
    matches(
      tree,
      (path) => isSource(path) && !path.endsWith('/config.ts'),
      /\bprocess\s*\.\s*env\b|\bprocess\s*\[/,
      'reads the environment',
    ),
};

export const names = {
  name: 'nothing is called common, shared, utils or helpers',
  check: (tree) =>
    tree.paths
      .filter((path) => path.split('/').some((part) => /^(common|shared|util|utils|helper|helpers)(\.|-|$)/.test(part)))
      .map((path) => ({ path, what: 'is named for no noun' })),
};

export const headers = {
  name: 'a source file opens with a comment on its job',
  check: (tree) =>
    tree.paths
      .filter((path) => (isSource(path) && !isBarrel(tree, path)) || /^tools\/.*\.mjs$/.test(path))
      .filter((path) => !isTest(path) && !/^(#!.*\n)?\s*\/[/*]/.test(tree.text(path)))
      .map((path) => ({ path, line: 1, what: 'opens without a comment' })),
};

export const readmes = {
  name: 'every library has a README.md',
  check: (tree) =>
    tree.paths
      .map((path) => /^(libs\/[^/]+)\/package\.json$/.exec(path)?.[1])
      .filter((folder) => folder !== undefined && !tree.has(`${folder}/README.md`))
      .map((folder) => ({ path: folder, what: 'has no README.md' })),
};

export const sizes = {
  name: `a file has at most ${FILE_LINES_MAX} lines (a test ${TEST_LINES_MAX}), a function outside of tests ${FUNCTION_LINES_MAX}`,
  check(tree, long = LONG) {
    const violations = [];
    for (const path of tree.paths.filter(isCode)) {
      const lines = tree.lines(path).length - 1;
      if (lines > (isTest(path) ? TEST_LINES_MAX : FILE_LINES_MAX) && !Object.hasOwn(long, path))
        violations.push({ path, what: `has ${lines} lines` });
      if (isTest(path)) continue;
      for (const one of functionsOf(tree, path)) {
        const isLong = one.lines > FUNCTION_LINES_MAX && !Object.hasOwn(long, `${path}#${one.name}`);
        if (isLong) violations.push({ path, line: one.line, what: `${one.name} has ${one.lines} lines` });
      }
    }
    return violations;
  },
};

// Written apart, so that this file is none of its own violations.
const LEFTOVER = new RegExp(
  `\\b(${['TO', 'FIX', 'X', 'HA'].map((start, i) => start + ['DO', 'ME', 'XX', 'CK'][i]).join('|')})\\b`,
);

export const leftovers = {
  name: 'no leftovers: nothing to be done later, nothing called -v2',
  check: (tree) => [
    ...matches(
      tree,
      (path) => isCode(path) || /\.(proto|ya?ml|sh)$/.test(path) || path === '.ci/run',
      LEFTOVER,
      'leaves something to be done',
    ),
    ...tree.paths
      .filter((path) => /[-_.]v[2-9](?=[./-]|$)/i.test(path))
      .map((path) => ({ path, what: 'stands beside what it replaces' })),
  ],
};

const PRIVATE = [
  [/(^|[\s"'`(=:])\/(work\/(main|shared|\.)|root\/|home\/\w+\/|Users\/|mnt\/)/, 'a path of some machine'],
  [/\b[A-Z]:\\\\?Users\\/, 'a path of some machine'],
  [/^\s*(?:@[\w-]+:)?registry\s*=/, 'a registry of its own'],
  [/\b(?:localhost|127\.0\.0\.1):4873\b|artifactory|\bnexus[.-]|verdaccio|npm\.pkg\.github/i, 'a private registry'],
];

/** Where the words are the subject. */
const SPEAKS_OF_THEM = /^tools\/tidy\//;

export const privacy = {
  name: 'no path of a machine, no private registry',
  check: (tree) =>
    PRIVATE.flatMap(([pattern, what]) =>
      matches(tree, (path) => !SPEAKS_OF_THEM.test(path) && !/\.(binpb|png|ico|woff2?)$/.test(path), pattern, `names ${what}`),
    ),
};

function matches(tree, isMeant, pattern, what) {
  const violations = [];
  for (const path of tree.paths.filter(isMeant)) {
    tree.lines(path).forEach((line, i) => {
      if (pattern.test(line)) violations.push({ path, line: i + 1, what });
    });
  }
  return violations;
}
