// `tessera test FILE…`: runs scenarios on the pure core, or with --embedded on a whole embedded system with virtual time.
// Exit codes: 0 all hold, 1 one does not, 2 a file is no scenario. See docs/scenarios.md.
import type { LoadedScenario, ScenarioHost, ScenarioOutcome } from '@tessera/testkit';
import { UsageError, type Verb } from '../verb.js';
import { outputOption, shown, type Form } from './output.js';

interface Options {
  readonly embedded?: boolean;
  readonly output: Form;
}

interface Told extends ScenarioOutcome {
  readonly file: string;
  readonly ok: boolean;
}

export const test: Verb = {
  register(program, { print, exit }) {
    program
      .command('test')
      .description('Run scenarios: timelines of calls and of what is expected of people, segments and decisions')
      .argument('<files...>', 'scenario files, or folders of them')
      .option('--embedded', 'on a whole embedded system with virtual time, not on the pure core alone')
      .addOption(outputOption())
      .action(async (files: readonly string[], { embedded, output }: Options) => {
        const scenarios = await load(files);
        const told: Told[] = [];
        for (const scenario of scenarios) {
          const outcome = await run(scenario, embedded === true);
          told.push({ file: scenario.file, ok: outcome.failures.length === 0, ...outcome });
          if (output === 'table') for (const line of linesOf(told.at(-1) as Told)) print(line);
        }
        const failed = told.filter(({ ok }) => !ok).length;
        if (output === 'table')
          print(`${String(told.length)} scenarios, ${failed === 0 ? 'all hold' : `${String(failed)} FAILED`}`);
        else print(shown({ ok: failed === 0, scenarios: told }, { output }));
        if (failed > 0) exit(1);
      });
  },
};

async function load(files: readonly string[]): Promise<readonly LoadedScenario[]> {
  const { loadScenarios, ScenarioError } = await import('@tessera/testkit');
  try {
    const paths = (await Promise.all(files.map(inFolder))).flat();
    return paths.flatMap(loadScenarios);
  } catch (error) {
    throw error instanceof ScenarioError ? new UsageError(error.message) : error;
  }
}

/** The scenario files of a folder; a file is itself. */
async function inFolder(path: string): Promise<readonly string[]> {
  const { readdir, stat } = await import('node:fs/promises');
  const { join } = await import('node:path');
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isFolder) return [path];
  const names = (await readdir(path)).filter((name) => /\.ya?ml$/.test(name)).sort();
  if (names.length === 0) throw new UsageError(`${path} is a folder without YAML files`);
  return names.map((name) => join(path, name));
}

async function run(scenario: LoadedScenario, embedded: boolean): Promise<ScenarioOutcome> {
  const { CoreWorld, runScenario, SystemHost } = await import('@tessera/testkit');
  const on = (host: ScenarioHost): Promise<ScenarioOutcome> => runScenario(scenario, host);
  if (!embedded) return on(new SystemHost(new CoreWorld(scenario.startMs)));
  const { EmbeddedWorld } = await import('../scenarios/embedded-world.js');
  const world = await EmbeddedWorld.open(scenario.startMs);
  try {
    return await on(new SystemHost(world));
  } finally {
    await world.close();
  }
}

function linesOf({ ok, file, scenario, failures }: Told): readonly string[] {
  const lines = [`${ok ? 'ok    ' : 'FAILED'} ${scenario}${ok ? '' : `  (${file})`}`];
  for (const { place, expected, found } of failures)
    lines.push(`       ${place}`, `         expected ${expected}`, `         found    ${found}`);
  return lines;
}
