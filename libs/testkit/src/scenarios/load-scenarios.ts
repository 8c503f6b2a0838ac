// Scenario files with the definitions that they name: read and checked once, so that a run meets nothing but documents.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { formatError, parseDefinitions, type DefinitionDocument } from '@tessera/segments';
import { parseScenarios, ScenarioError, type Action, type Scenario, type Step } from './scenario.js';

export interface LoadedScenario extends Omit<Scenario, 'definitions' | 'steps'> {
  readonly definitions: readonly DefinitionDocument[];
  readonly steps: readonly LoadedStep[];
}

export interface LoadedStep extends Omit<Step, 'actions'> {
  readonly actions: readonly LoadedAction[];
}

export type LoadedAction =
  Exclude<Action, { kind: 'apply' }> | { readonly kind: 'apply'; readonly definitions: readonly DefinitionDocument[] };

/** All scenarios of a file; throws ScenarioError with the place of what is wrong. */
export function loadScenarios(file: string): readonly LoadedScenario[] {
  return loadScenarioText(readText(file), file);
}

export function loadScenarioText(text: string, file: string): readonly LoadedScenario[] {
  return parseScenarios(text, file).map((scenario) => ({
    ...scenario,
    definitions: documentsOf(scenario.definitions, file, `${file} definitions`),
    steps: scenario.steps.map((step) => ({
      ...step,
      actions: step.actions.map((action) => loadAction(action, file, step.place)),
    })),
  }));
}

function loadAction(action: Action, file: string, place: string): LoadedAction {
  return action.kind === 'apply'
    ? { kind: 'apply', definitions: documentsOf(action.definitions, file, `${place}.apply`) }
    : action;
}

/** Paths are relative to the file; a folder stands for the YAML and JSON files in it. */
function documentsOf(entries: readonly unknown[], file: string, place: string): readonly DefinitionDocument[] {
  return entries.flatMap((entry, i) => {
    if (typeof entry === 'string') return filesOf(resolve(dirname(file), entry)).flatMap((path) => read(readText(path), path));
    return read(JSON.stringify(entry), `${place}[${String(i)}]`);
  });
}

function filesOf(path: string): readonly string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
  return readdirSync(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .sort()
    .map((name) => join(path, name));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ScenarioError(`${path}: it cannot be read: ${(error as Error).message}`);
  }
}

function read(text: string, place: string): readonly DefinitionDocument[] {
  const { documents, errors } = parseDefinitions(text, place);
  if (errors.length > 0) throw new ScenarioError(errors.map(formatError).join('\n'));
  return documents;
}
