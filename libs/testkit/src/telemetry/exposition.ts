// A reader of Prometheus' text form 0.0.4, written from its grammar and from nothing of the writer; it refuses what the form does not
// allow. https://prometheus.io/docs/instrumenting/exposition_formats/

export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: MetricSample[];
}

const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped'];
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)(?: (-?\d+))?$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(,|$)/y;

export function readExposition(text: string): ReadonlyMap<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, MetricFamily>();
  const helps = new Map<string, string>();
  for (const line of text.slice(0, -1).split('\n')) {
    if (line === '') continue;
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') helps.set(name, rest);
    else if (keyword === 'TYPE') {
      if (families.has(name) || !TYPES.includes(rest)) throw new Error(`not a type: ${line}`);
      families.set(name, { name, type: rest, help: helps.get(name) ?? '', samples: [] });
    } else if (line.startsWith('#')) throw new Error(`not a comment of ours: ${line}`);
    else addSample(families, line);
  }
  for (const family of families.values()) checkFamily(family);
  return families;
}

function addSample(families: Map<string, MetricFamily>, line: string): void {
  const [, name, labels = '', value = ''] = SAMPLE.exec(line) ?? [];
  if (name === undefined) throw new Error(`not a sample: ${line}`);
  const number = value === '+Inf' ? Infinity : value === '-Inf' ? -Infinity : Number(value);
  if (value.trim() === '' || (Number.isNaN(number) && value !== 'NaN')) throw new Error(`not a number: ${line}`);
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ''));
  if (family === undefined) throw new Error(`a sample without its TYPE: ${line}`);
  family.samples.push({ name, labels: readLabels(labels, line), value: number });
}

function readLabels(text: string, line: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (LABEL.lastIndex = 0; LABEL.lastIndex < text.length;) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || value === undefined || name in labels) throw new Error(`labels are not well formed: ${line}`);
    labels[name] = value.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

function checkFamily({ name, type, samples }: MetricFamily): void {
  const seen = new Set<string>();
  for (const sample of samples) {
    const series = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(series)) throw new Error(`twice: ${series}`);
    seen.add(series);
  }
  if (type === 'counter' && samples.some(({ value }) => value < 0)) throw new Error(`${name} counts below zero`);
  if (type !== 'histogram') return;
  const series = Map.groupBy(samples, ({ labels: { le: _, ...labels } }) => JSON.stringify(labels));
  for (const [labels, of] of series) {
    const buckets = of.filter((sample) => sample.name === `${name}_bucket`);
    const counts = buckets.map(({ value }) => value);
    const count = of.find((sample) => sample.name === `${name}_count`)?.value;
    const last = buckets.at(-1);
    const rising = counts.every((value, i) => i === 0 || value >= (counts[i - 1] as number));
    if (!rising || last?.labels['le'] !== '+Inf' || last.value !== count) throw new Error(`${name}${labels} is no histogram`);
  }
}
