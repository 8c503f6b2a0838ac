// `node tools/deploy/dashboard.mjs`: writes the Grafana dashboard from its panels. That both are equal is a test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../run/root.mjs';
import { ROWS } from './panels.mjs';

export const DASHBOARD_FILE = 'deploy/helm/tessera/files/dashboard.json';

/** Grafana's grid is 24 wide. */
const WIDTH = 24;
const SIZES = { stat: { w: 4, h: 4 }, time: { w: 8, h: 8 } };
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

export function dashboardText(rows = ROWS) {
  return `${JSON.stringify(dashboardOf(rows), null, 2)}\n`;
}

function dashboardOf(rows) {
  return {
    uid: 'tessera',
    title: 'Tessera',
    description: 'What comes in, how fresh it is, what is decided, and what it costs. Alerts: docs/operations/runbooks.',
    tags: ['tessera'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: '30s',
    time: { from: 'now-3h', to: 'now' },
    timezone: 'utc',
    annotations: { list: [alertsShown()] },
    templating: { list: [sourceVariable(), namespaceVariable()] },
    panels: layOut(rows),
  };
}

function layOut(rows) {
  const panels = [];
  let y = 0;
  for (const { title, panels: inRow } of rows) {
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
      panels: [],
    });
    y += 1;
    let x = 0;
    let below = y;
    for (const panel of inRow) {
      const { w, h } = SIZES[panel.kind];
      if (x + w > WIDTH) {
        x = 0;
        y = below;
      }
      panels.push(panelOf(panel, panels.length + 1, { x, y, w, h }));
      x += w;
      below = Math.max(below, y + h);
    }
    y = below;
  }
  return panels;
}

function panelOf({ kind, title, unit, queries, steps }, id, gridPos) {
  const targets = Object.entries(queries).map(([legendFormat, expr], i) => ({
    refId: String.fromCodePoint(65 + i),
    datasource: SOURCE,
    expr,
    legendFormat,
    range: kind === 'time',
    instant: kind === 'stat',
  }));
  const defaults = { unit, min: 0, ...(steps === undefined ? {} : { thresholds: thresholdsOf(steps) }) };
  const common = { id, title, gridPos, datasource: SOURCE, targets, fieldConfig: { defaults, overrides: [] } };
  return kind === 'stat'
    ? {
        ...common,
        type: 'stat',
        options: { reduceOptions: { calcs: ['lastNotNull'] }, colorMode: steps ? 'background' : 'none' },
      }
    : {
        ...common,
        type: 'timeseries',
        options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi' } },
      };
}

function thresholdsOf([yellow, red]) {
  const steps = [
    { color: 'green', value: null },
    { color: 'yellow', value: yellow },
    { color: 'red', value: red },
  ];
  return { mode: 'absolute', steps: yellow === red ? steps.toSpliced(1, 1) : steps };
}

function alertsShown() {
  return {
    name: 'Alerts',
    datasource: SOURCE,
    enable: true,
    hide: false,
    iconColor: 'red',
    expr: 'ALERTS{alertname=~"Tessera.*", alertstate="firing"}',
    titleFormat: '{{alertname}}',
    textFormat: '{{stage}} {{service}}',
  };
}

function sourceVariable() {
  return { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {}, hide: 0 };
}

function namespaceVariable() {
  const query = 'label_values(tessera_stage_partitions, namespace)';
  const all = { includeAll: true, allValue: '.*', multi: false, current: { text: 'All', value: '$__all' } };
  return {
    name: 'namespace',
    label: 'Namespace',
    type: 'query',
    datasource: SOURCE,
    query,
    refresh: 2,
    sort: 1,
    hide: 0,
    ...all,
  };
}

if (process.argv[1] === import.meta.filename) writeFileSync(join(ROOT, DASHBOARD_FILE), dashboardText());
