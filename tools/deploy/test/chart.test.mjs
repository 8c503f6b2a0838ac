// The Helm chart, as far as it can be judged without Helm. What Helm makes of it is judged by `npm run check -- deploy`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { TOPICS } from '../../../libs/contracts/src/topics.ts';
import { topicPlans } from '../../../libs/log-kafka/src/topic-plan.ts';
import { SETTINGS } from '../../../libs/settings/src/settings.ts';
import { ROOT } from '../../run/root.mjs';
import { MIN_READY_SECONDS } from '../rendered.mjs';
import { at, chartText, merge, templatePaths, trialNames, valuePathsIn, valuesOf } from '../chart.mjs';
import { topicsText } from '../topics.mjs';

const SERVICES = ['ingestion', 'identity', 'features', 'segments', 'decisions'];
const templates = templatePaths().map((path) => ({ path, text: chartText(path) }));
const known = Object.values(SETTINGS).flatMap(({ variable, secret }) => (secret ? [variable, `${variable}_FILE`] : [variable]));

describe('values', () => {
  const schema = JSON.parse(chartText('values.schema.json'));
  const valid = new Ajv({ allErrors: true, strictTypes: false }).compile(schema);
  const problems = (values) =>
    valid(values) ? [] : valid.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);

  test('the schema takes the chart as it is, and every trial', () => {
    for (const trial of [undefined, ...trialNames()]) expect(problems(valuesOf(trial))).toEqual([]);
  });

  test('the schema knows exactly the keys of values.yaml', () => {
    const compare = (properties, values, path) => {
      expect({ path, keys: Object.keys(properties).sort() }).toEqual({ path, keys: Object.keys(values).sort() });
      for (const [key, { properties: inner }] of Object.entries(properties))
        if (inner !== undefined) compare(inner, values[key], `${path}.${key}`);
    };
    const { global: _, ...own } = schema.properties;
    compare(own, valuesOf(undefined), 'values');
  });

  test.each([
    ['a slip of the pen', { kafka: { broker: ['kafka:9092'] } }, '/kafka must NOT have additional properties'],
    ['a slip of the pen in a service', { services: { features: { replica: 3 } } }, '/services/features must NOT have'],
    ['a broker without a port', { kafka: { brokers: ['kafka'] } }, '/kafka/brokers/0 must match pattern'],
    ['a secret as a setting', { settings: { TESSERA_MONGO_URI: 'mongodb://a:b@c' } }, '/settings property name must be valid'],
    ['a setting that the chart makes', { settings: { TESSERA_STOP_WITHIN: '60s' } }, '/settings property name must be valid'],
    ['CPU as the reason of a stage', { services: { features: { autoscaling: { targetCPU: 50 } } } }, 'must NOT have additional'],
    ['a password', { kafka: { saslPassword: { value: 'x' } } }, '/kafka/saslPassword must NOT have additional properties'],
    ['a mechanism that there is not', { kafka: { saslMechanism: 'GSSAPI' } }, '/kafka/saslMechanism must be equal to one of'],
    ['pods replaced without a pause', { minReadySeconds: 0 }, '/minReadySeconds must be >= 5'],
    ['a digest that is none', { image: { digest: 'latest' } }, '/image/digest must match pattern'],
  ])('%s is refused', (_, wrong, found) => {
    expect(problems(merge(valuesOf('minimal'), wrong)).join('\n')).toContain(found);
  });

  test('templates take nothing that values.yaml does not have, and nothing there is without use', () => {
    const values = valuesOf(undefined);
    const used = templates.flatMap(({ path, text }) => valuePathsIn(text).map((value) => ({ path, value })));
    expect(used.filter(({ value }) => at(values, value) === undefined)).toEqual([]);
    const heads = new Set(used.map(({ value }) => value.split('.')[0]));
    expect(Object.keys(values).filter((key) => !heads.has(key))).toEqual([]);
  });
});

describe('settings', () => {
  test('the chart sets nothing that Tessera would refuse', () => {
    const set = templates.flatMap(({ text }) => [...text.matchAll(/\b(TESSERA_[A-Z0-9_]+):/g)].map(([, name]) => name));
    expect(set.length).toBeGreaterThan(20);
    expect(set.filter((name) => !known.includes(name))).toEqual([]);
    const trials = trialNames().flatMap((trial) => Object.keys(valuesOf(trial).settings));
    expect(trials.filter((name) => !known.includes(name))).toEqual([]);
  });

  test('a setting that the chart does not make can be given as it is, unless it is a secret', () => {
    const text = chartText('templates/_settings.tpl');
    const { settings } = JSON.parse(chartText('values.schema.json')).properties;
    const refused = new RegExp(settings.propertyNames.not.pattern);
    const made = (name) => new RegExp(`\\b${name}:`).test(text);
    const rows = Object.values(SETTINGS);
    const open = rows.filter(({ variable, secret }) => !secret && !made(variable)).map(({ variable }) => variable);
    expect(open).toEqual(expect.arrayContaining(['TESSERA_CHECKPOINT', 'TESSERA_FRESH_CHECKPOINT']));
    expect(open.filter((name) => refused.test(name))).toEqual([]);
    const closed = rows.filter(({ variable, secret }) => secret || made(variable)).map(({ variable }) => variable);
    expect(closed.filter((name) => !refused.test(name))).toEqual([]);
  });

  test('so does docker-compose.yml', () => {
    const { services } = parse(readFileSync(join(ROOT, 'deploy/compose/docker-compose.yml'), 'utf8'), { merge: true });
    const names = Object.values(services).flatMap(({ environment }) => Object.keys(environment ?? {}));
    expect(names.filter((name) => name.startsWith('TESSERA_') && !known.includes(name))).toEqual([]);
    for (const service of SERVICES) {
      expect(services[service].environment).toMatchObject({
        TESSERA_LOG: 'kafka',
        TESSERA_STORE: 'mongo',
        TESSERA_KAFKA_REPLICAS: 1,
      });
    }
  });

  test('a pod has no variables of other services: Tessera refuses TESSERA_* that it does not know', () => {
    const pods = templates.filter(({ text }) => /^\s*containers:/m.test(text)).map(({ text }) => text);
    expect(pods).toHaveLength(2);
    for (const text of pods)
      expect(text.includes('enableServiceLinks: false') || text.includes('include "tessera.pod"')).toBe(true);
    expect(chartText('templates/_pod.tpl')).toContain('enableServiceLinks: false');
  });
});

describe('topics', () => {
  test('are those that the services would create, with the settings that they look for', () => {
    expect(chartText('files/topics.json')).toBe(topicsText(TOPICS, topicPlans));
  });

  test('the chart replaces nothing of them but replication, and the retention of what keeps history', () => {
    const kept = JSON.parse(chartText('files/topics.json')).filter(({ keepsHistory }) => keepsHistory);
    expect(kept.map(({ id }) => id)).toEqual(['events', 'links', 'fragments', 'audit']);
    expect(kept.filter(({ config }) => 'retention.ms' in config)).toEqual([]);
  });

  test('public are those that readers may read', () => {
    const open = JSON.parse(chartText('files/topics.json')).filter(({ audience }) => audience === 'public');
    expect(open.map(({ id }) => id).sort()).toEqual(
      Object.values(TOPICS)
        .filter(({ audience }) => audience === 'public')
        .map(({ id }) => id)
        .sort(),
    );
  });
});

describe('services', () => {
  const table = parse(/define "tessera\.table" -\}\}([\s\S]*?)\{\{- end/.exec(chartText('templates/_names.tpl'))[1]);

  test('are the five of values.yaml', () => {
    expect(Object.keys(table)).toEqual(SERVICES);
    expect(Object.keys(valuesOf(undefined).services)).toEqual(SERVICES);
  });

  test('stages read topics of the table', () => {
    const topics = Object.values(table).flatMap(({ stages }) => Object.values(stages));
    expect(topics.length).toBeGreaterThan(0);
    expect(topics.filter((topic) => !(topic in TOPICS))).toEqual([]);
  });

  test('a pod is given longer than the service gives itself to stop', () => {
    const { preStopSeconds, stopWithinSeconds } = valuesOf(undefined);
    expect(chartText('templates/deployments.yaml')).toContain(
      'terminationGracePeriodSeconds: {{ add $.Values.preStopSeconds $.Values.stopWithinSeconds 5 }}',
    );
    expect(chartText('templates/_settings.tpl')).toContain(
      'TESSERA_STOP_WITHIN: {{ printf "%ds" (int .Values.stopWithinSeconds)',
    );
    expect(preStopSeconds + stopWithinSeconds + 5).toBeLessThanOrEqual(60);
  });

  test('pods are replaced no faster than in the proof of the rolling restart', () => {
    const proof = readFileSync(join(ROOT, 'apps/tessera/test/services/rolling.services.ts'), 'utf8');
    const provenMs = Number(/^const MIN_READY_MS = ([\d_]+);$/m.exec(proof)[1].replaceAll('_', ''));
    expect(provenMs).toBeGreaterThan(0);
    expect(MIN_READY_SECONDS * 1_000).toBeGreaterThanOrEqual(provenMs);
    expect(JSON.parse(chartText('values.schema.json')).properties.minReadySeconds.minimum).toBe(MIN_READY_SECONDS);
    expect(chartText('templates/deployments.yaml')).toContain('minReadySeconds: {{ $.Values.minReadySeconds }}');
  });
});
