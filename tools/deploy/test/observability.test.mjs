// Dashboard, alerts, autoscaling and runbooks against the metrics that there are.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { METRICS, prometheusName } from '../../../libs/telemetry/src/metric-catalog.ts';
import { ROOT } from '../../run/root.mjs';
import { chartText } from '../chart.mjs';
import { dashboardText } from '../dashboard.mjs';
import { ROWS } from '../panels.mjs';
import { namesIn, seriesOf, unknownIn } from '../promql.mjs';

const series = seriesOf(METRICS, prometheusName);
const rules = parse(chartText('files/alerts.yaml')).groups.flatMap((group) => group.rules);
const RUNBOOKS = join(ROOT, 'docs/operations/runbooks');
const pages = readdirSync(RUNBOOKS)
  .filter((file) => file !== 'README.md')
  .map((file) => ({ name: file.replace(/\.md$/, ''), text: readFileSync(join(RUNBOOKS, file), 'utf8') }));

describe('names in a query', () => {
  test('metrics with the labels that pick them, and the labels of lists', () => {
    expect(
      namesIn('histogram_quantile(0.99, sum by (topic, le) (rate(a_seconds_bucket{topic="x", le!="y"}[5m]))) > on (z) up / 1e3'),
    ).toEqual({
      metrics: [
        { name: 'a_seconds_bucket', labels: ['topic', 'le'] },
        { name: 'up', labels: [] },
      ],
      grouped: ['topic', 'le', 'z'],
    });
  });

  test('words in strings, durations and variables are no metrics', () => {
    expect(namesIn('sum(rate(a{namespace=~"$namespace", b="c or d"}[$__rate_interval])) unless b offset 5m').metrics).toEqual([
      { name: 'a', labels: ['namespace', 'b'] },
      { name: 'b', labels: [] },
    ]);
  });

  test('what is not there is named', () => {
    const some = new Map([['a_total', ['stage']]]);
    expect(unknownIn('sum by (stage) (rate(a_total{namespace="x"}[5m]))', some)).toEqual([]);
    expect(unknownIn('rate(a_sum_total[5m])', some)).toEqual(['a_sum_total is no metric of Tessera']);
    expect(unknownIn('rate(a_total{topic="x"}[5m])', some)).toEqual(['a_total has no label topic']);
    expect(unknownIn('sum by (topic) (a_total)', some)).toEqual(['nothing here has the label topic']);
  });
});

describe('the dashboard', () => {
  test('is what its panels say: node tools/deploy/dashboard.mjs', () => {
    expect(chartText('files/dashboard.json')).toBe(dashboardText(ROWS));
  });

  const panels = JSON.parse(chartText('files/dashboard.json')).panels;

  test('every query is of metrics and labels that there are, and within the namespace', () => {
    const queries = panels.flatMap((panel) => panel.targets ?? []).map(({ expr }) => expr);
    expect(queries.length).toBeGreaterThan(40);
    expect(queries.flatMap((query) => unknownIn(query, series))).toEqual([]);
    expect(queries.filter((query) => !query.includes('namespace=~"$namespace"'))).toEqual([]);
  });

  test('legends name labels that their query gives', () => {
    for (const { targets = [] } of panels) {
      for (const { expr, legendFormat } of targets) {
        const { grouped } = namesIn(expr);
        const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
        if (grouped.length > 0) expect(grouped).toEqual(expect.arrayContaining(named));
      }
    }
  });

  test('panels lie beside and below each other, never on one another', () => {
    const taken = new Set();
    for (const { gridPos } of panels) {
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(x).toBeLessThan(24);
          expect(taken.has(`${x} ${y}`)).toBe(false);
          taken.add(`${x} ${y}`);
        }
      }
    }
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

describe('alerts', () => {
  test('are of metrics and labels that there are', () => {
    expect(rules.length).toBeGreaterThan(20);
    expect(rules.flatMap(({ alert, expr }) => unknownIn(expr, series).map((problem) => `${alert}: ${problem}`))).toEqual([]);
  });

  test('each has a severity, waits, and says what is wrong', () => {
    for (const { labels, annotations, for: waits } of rules) {
      expect(['warning', 'critical']).toContain(labels.severity);
      expect(waits).toMatch(/^\d+m$/);
      expect(annotations.summary).toMatch(/\w/);
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
  });

  test('each is tried: promtool test rules tools/deploy/alerts.test.yaml', () => {
    const { tests } = parse(readFileSync(join(ROOT, 'tools/deploy/alerts.test.yaml'), 'utf8'));
    const fired = tests
      .flatMap(({ promql_expr_test: cases }) => cases)
      .flatMap(({ exp_samples: samples }) => samples)
      .map(({ labels }) => /alertname="(\w+)"/.exec(labels)?.[1]);
    expect([...new Set(fired)].sort()).toEqual(rules.map(({ alert }) => alert).sort());
  });
});

describe('autoscaling', () => {
  test('asks for metrics that there are', () => {
    const text = chartText('templates/autoscaling.yaml');
    const queries = [...text.matchAll(/^\s*query: (.+)$/gm)].map(([, query]) => query.replace(/\{\{[^}]*\}\}/g, 'x'));
    expect(queries).toHaveLength(1);
    expect(queries.flatMap((query) => unknownIn(query, series))).toEqual([]);
  });
});

describe('runbooks', () => {
  test('each alert has its page, and each page its alerts', () => {
    const named = rules.map(({ alert, annotations }) => `${annotations.runbook} ${alert}`);
    const written = pages.flatMap(({ name, text }) =>
      [.../^Alerts?: (.*)$/m.exec(text)[1].matchAll(/`(\w+)`/g)].map(([, alert]) => `${name} ${alert}`),
    );
    expect(written.sort()).toEqual(named.sort());
  });

  test.each(pages.map(({ name, text }) => [name, text]))('%s says what it means, shows, asks and wants', (_, text) => {
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
      'What it means',
      'What a user sees',
      'How to check',
      'What to do',
      'How to know it is over',
    ]);
    const queries = [...text.matchAll(/```promql\n([\s\S]*?)```/g)].flatMap(([, block]) => block.trim().split('\n'));
    expect(queries.flatMap((query) => unknownIn(query, series))).toEqual([]);
  });

  test('the list names every page', () => {
    const list = readFileSync(join(RUNBOOKS, 'README.md'), 'utf8');
    expect([...list.matchAll(/\]\(([\w-]+)\.md\)/g)].map(([, name]) => name).sort()).toEqual(
      pages.map(({ name }) => name).sort(),
    );
  });
});
