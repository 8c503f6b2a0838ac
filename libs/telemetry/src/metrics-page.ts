// The table of docs/operations/metrics.md, from the catalog.
import { METRICS, prometheusName, type MetricEntry, type MetricName } from './metric-catalog.js';

const GROUPS: readonly (readonly [title: string, belongs: (name: string) => boolean])[] = [
  ['Doors', (name) => /^(http|rpc)\./.test(name)],
  ['Log and state store', (name) => /^(messaging|db)\./.test(name)],
  ['Archive and retention', (name) => /^tessera\.(archive\.|log\.(head|records)_)/.test(name)],
  ['Freshness and lateness', (name) => /freshness|\.lag|checkpoint\.duration|staleness/.test(name)],
  ['Stages', (name) => name.startsWith('tessera.stage.')],
  ['Ingestion, decisions, compaction', (name) => name.startsWith('tessera.')],
  ['The process', () => true],
];

/** Sections of Markdown: every metric once, in the first group that it belongs to. */
export function metricsTables(): string {
  const left = new Set(Object.keys(METRICS) as MetricName[]);
  return GROUPS.map(([title, belongs]) => {
    const names = [...left].filter(belongs);
    for (const name of names) left.delete(name);
    return `## ${title}\n\n| to Prometheus | kind, unit | labels | meaning |\n|---|---|---|---|\n${names.map(row).join('\n')}`;
  }).join('\n\n');
}

function row(name: MetricName): string {
  const { kind, unit, labels, help }: MetricEntry = METRICS[name];
  const told = labels.map((label) => `\`${label.replaceAll('.', '_')}\``).join(', ');
  return `| \`${prometheusName(name)}\` | ${kind}, ${unit.replace(/[{}]/g, '')} | ${told} | ${help} |`;
}
