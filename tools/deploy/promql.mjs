// Which metrics and labels a query of Prometheus names: enough of its grammar for the queries of this repository.
// P1 A name that is no word of the grammar, and is not followed by `(`, `by` or `without`, is a metric; in braces and in lists of labels it
//    is a label.
// P2 What a template of Grafana puts in (`$namespace`, `[$__rate_interval]`) names no metric.

const WORDS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'and', 'or', 'unless', 'bool', 'offset']);
const LISTS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
/** What follows the name of a function or an aggregation. */
const OF_CALLS = new Set(['(', 'by', 'without']);
const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|[a-zA-Z_:$][\w:]*|\d[\w.]*|[!=<>~]+|[^\s]/g;

/** { metrics: [{ name, labels }], grouped }: labels that pick series, and those that results are grouped by. */
export function namesIn(query) {
  const tokens = query.match(TOKEN) ?? [];
  const metrics = [];
  const grouped = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (!/^[a-zA-Z_:]/.test(token)) continue;
    if (LISTS.has(token) && tokens[i + 1] === '(') {
      const end = tokens.indexOf(')', i);
      grouped.push(...tokens.slice(i + 2, end).filter((one) => one !== ','));
      i = end;
    } else if (!WORDS.has(token) && !OF_CALLS.has(tokens[i + 1])) {
      const end = tokens[i + 1] === '{' ? tokens.indexOf('}', i) : i;
      metrics.push({ name: token, labels: tokens.slice(i + 1, end).filter((one) => /^[a-zA-Z_]/.test(one)) });
      i = end;
    }
  }
  return { metrics, grouped };
}

/** Series that a catalog of metrics gives, as Prometheus names them, each with its labels. */
export function seriesOf(catalog, prometheusName) {
  const series = new Map();
  for (const [name, { kind, labels }] of Object.entries(catalog)) {
    const told = labels.map((label) => label.replaceAll('.', '_'));
    const published = prometheusName(name);
    if (kind !== 'histogram') series.set(published, told);
    else {
      series.set(`${published}_bucket`, [...told, 'le']);
      series.set(`${published}_sum`, told).set(`${published}_count`, told);
    }
  }
  return series;
}

/** Labels that whoever scrapes gives. */
const OF_TARGETS = ['namespace', 'service', 'instance', 'job', 'pod'];
/** Series of Prometheus itself. */
const OWN = new Map([
  ['up', []],
  ['ALERTS', ['alertname', 'alertstate', 'severity']],
]);

/** What a query names that is not there: a sentence each. */
export function unknownIn(query, series) {
  const { metrics, grouped } = namesIn(query);
  const problems = [];
  const given = new Set(OF_TARGETS);
  for (const { name, labels } of metrics) {
    const own = series.get(name) ?? OWN.get(name);
    if (own === undefined) {
      problems.push(`${name} is no metric of Tessera`);
      continue;
    }
    for (const label of own) given.add(label);
    const allowed = [...own, ...OF_TARGETS];
    problems.push(...labels.filter((label) => !allowed.includes(label)).map((label) => `${name} has no label ${label}`));
  }
  return [...problems, ...grouped.filter((label) => !given.has(label)).map((label) => `nothing here has the label ${label}`)];
}
