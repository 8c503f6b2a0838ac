import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { readExposition } from '@tessera/testkit';
import {
  DURATION_BUCKETS,
  METRICS,
  Metrics,
  metricSource,
  metricsTables,
  observeProcess,
  prometheusName,
  type MetricEntry,
  type MetricName,
} from '../src/index.js';

/** Without the padding that the formatter gives to tables. */
const plain = (markdown: string): string =>
  markdown
    .replace(/ +/g, ' ')
    .replace(/-+/g, '-')
    .replace(/\| ?- ?/g, '|-')
    .replaceAll('\\', '');

describe('metrics', () => {
  test('are the values of the moment in which they are asked for', async () => {
    let count = 1;
    const metrics = new Metrics([
      metricSource('tessera.stage.outputs', () => [{ value: count, labels: { stage: 'a "b"\\\n' } }]),
    ]);
    const read = async (): Promise<unknown> => readExposition(await metrics.text()).get('tessera_stage_outputs_total');
    const family = { name: 'tessera_stage_outputs_total', type: 'counter', help: 'Records appended by a stage.' };
    const labels = { stage: 'a "b"\\\n' };
    expect(await read()).toEqual({ ...family, samples: [{ name: family.name, labels, value: 1 }] });
    count = 5;
    expect(await read()).toEqual({ ...family, samples: [{ name: family.name, labels, value: 5 }] });
    await metrics.close();
  });

  test('leave a gap where one source fails, and show the others', async () => {
    const metrics = new Metrics([
      metricSource('tessera.stage.outputs', () => Promise.reject(new Error('away'))),
      metricSource('tessera.stage.lag', () => Promise.resolve([{ value: 2 }])),
    ]);
    const text = await metrics.text();
    expect([text.includes('tessera_stage_outputs'), text.includes('\ntessera_stage_lag_seconds 2\n')]).toEqual([false, true]);
    await metrics.close();
  });

  test('a histogram has the buckets from a millisecond to ten seconds', async () => {
    const metrics = new Metrics();
    const histogram = metrics.histogram('tessera.topic.freshness');
    for (const seconds of [0.0005, 0.02, 0.02, 7, 60]) histogram.record(seconds, { topic: 'segment-changes' });
    const family = readExposition(await metrics.text()).get('tessera_topic_freshness_seconds');
    const buckets = family?.samples.filter(({ name }) => name.endsWith('_bucket')) ?? [];
    expect(family?.type).toBe('histogram');
    expect(buckets.map(({ labels: { le } }) => le)).toEqual([...DURATION_BUCKETS.map(String), '+Inf']);
    expect(buckets.map(({ value }) => value)).toEqual([1, 1, 1, 1, 3, 3, 3, 3, 3, 3, 3, 3, 4, 5]);
    await metrics.close();
  });

  test('a metric has 2,000 series at most: what comes beyond is counted together', async () => {
    const metrics = new Metrics();
    const counter = metrics.counter('messaging.client.sent.messages');
    for (let i = 0; i < 2_010; i++) counter.add(1, { 'messaging.destination.name': `t${String(i)}` });
    counter.add(5, { 'messaging.destination.name': 't7' });
    const samples = readExposition(await metrics.text()).get('messaging_client_sent_messages_total')?.samples ?? [];
    expect(samples).toHaveLength(2_001);
    expect(samples.find(({ labels }) => labels['messaging_destination_name'] === 't7')?.value).toBe(6);
    expect(samples.find(({ labels }) => labels['otel_metric_overflow'] === 'true')?.value).toBe(10);
    await metrics.close();
  });

  test('of the process are in the catalog, with their types', async () => {
    const metrics = new Metrics();
    const end = observeProcess(metrics);
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 60));
    const families = readExposition(await metrics.text());
    end();
    await metrics.close();
    const known = new Map(
      (Object.keys(METRICS) as MetricName[]).map((name) => [prometheusName(name), METRICS[name] as MetricEntry]),
    );
    for (const { name, type, help } of families.values())
      expect({ name, type, help }).toEqual({ name, type: known.get(name)?.kind, help: known.get(name)?.help });
    expect([...families.keys()]).toEqual(
      expect.arrayContaining([
        'process_cpu_time_seconds_total',
        'nodejs_eventloop_delay_p99_seconds',
        'process_memory_usage_bytes',
      ]),
    );
  });
});

describe('the catalog', () => {
  test('has names as OpenTelemetry and Prometheus want them', () => {
    for (const [name, { kind, unit, labels }] of Object.entries<MetricEntry>(METRICS)) {
      const text = prometheusName(name as MetricName);
      expect(name).toMatch(/^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$/);
      expect(text).toMatch(/^[a-z][a-z0-9_]*$/);
      expect([text, text.endsWith('_total')]).toEqual([text, kind === 'counter']);
      const suffix = { s: /_seconds(_total)?$/, By: /_bytes(_total)?$/, '1': /_ratio$/ }[unit as 's'] as RegExp | undefined;
      if (suffix) expect(text).toMatch(suffix);
      if (kind === 'histogram') expect(unit).toBe('s');
      for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_.]*$/);
    }
  });

  test('is what docs/operations/metrics.md says', () => {
    const page = readFileSync(new URL('../../../docs/operations/metrics.md', import.meta.url), 'utf8');
    for (const section of metricsTables().split('\n\n')) expect(plain(page)).toContain(plain(section));
  });
});
