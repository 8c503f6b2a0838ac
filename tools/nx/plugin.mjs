// Targets of every library and app for Nx, made from the folder alone: no target is written in a package.json.
// N1 `nx affected -t test` and `nx run-many -t build` are for developers who want only what their change touches; `npm test` and
//    `npm run check` do not need Nx.

const build = {
  executor: 'nx:run-commands',
  options: { command: 'node node_modules/tsc7/bin/tsc -b {projectRoot}' },
  cache: true,
  dependsOn: ['^build'],
  inputs: ['production', '^production'],
  outputs: ['{projectRoot}/dist'],
};

const test = {
  executor: 'nx:run-commands',
  options: { command: 'node --experimental-vm-modules node_modules/jest/bin/jest.js --passWithNoTests {projectRoot}/test' },
  cache: true,
  inputs: ['default', '^production'],
};

const lint = {
  executor: 'nx:run-commands',
  options: { command: 'node node_modules/eslint/bin/eslint.js --max-warnings=0 {projectRoot}' },
  cache: true,
  inputs: ['default', '{workspaceRoot}/eslint.config.mjs'],
};

export const createNodesV2 = [
  '{libs,apps}/*/package.json',
  (files) =>
    files.map((file) => {
      const root = file.slice(0, -'/package.json'.length);
      return [file, { projects: { [root]: { root, targets: { build, test, lint } } } }];
    }),
];
