// The Helm chart as files: values, schema and templates, read without Helm.
// V1 Values files are merged as Helm merges them: mappings by key, everything else is replaced.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../run/root.mjs';

export const CHART = join(ROOT, 'deploy/helm/tessera');

export function chartText(path) {
  return readFileSync(join(CHART, path), 'utf8');
}

/** Paths of the templates, those of `templates/tests` too. */
export function templatePaths() {
  return readdirSync(join(CHART, 'templates'), { recursive: true })
    .filter((path) => /\.(yaml|tpl|txt)$/.test(path))
    .map((path) => `templates/${path}`)
    .sort();
}

/** Names of the values files that the chart is tried with: `ci/NAME.yaml`. */
export function trialNames() {
  return readdirSync(join(CHART, 'ci')).map((file) => file.replace(/\.yaml$/, ''));
}

/** The chart's values under those of one trial. */
export function valuesOf(trial) {
  return merge(parse(chartText('values.yaml')), trial === undefined ? {} : parse(chartText(`ci/${trial}.yaml`)));
}

function isMapping(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function merge(under, over) {
  if (!isMapping(under) || !isMapping(over)) return over;
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) merged[key] = key in under ? merge(under[key], value) : value;
  return merged;
}

/** Paths that templates take from the values: `kafka.brokers`. */
export function valuePathsIn(text) {
  return [...new Set([...text.matchAll(/\.Values((?:\.\w+)+)/g)].map(([, path]) => path.slice(1)))];
}

/** What a path leads to; undefined where it leads nowhere. */
export function at(values, path) {
  return path.split('.').reduce((value, key) => (isMapping(value) ? value[key] : undefined), values);
}
