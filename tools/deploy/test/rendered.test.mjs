// The judges of a rendered chart: each finds what is planted, and nothing in a sound release.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { faultsIn, RULES } from '../rendered.mjs';
import { customJudge, kubernetesJudge, strict } from '../schemas.mjs';

const labels = { app: 'a' };
const probe = { httpGet: { path: '/livez', port: 'ops' } };

/** A release in which everything holds, changed by `plant`. */
function release(plant = () => {}) {
  const container = {
    name: 'main',
    envFrom: [{ configMapRef: { name: 'settings' } }],
    ports: [{ name: 'ops', containerPort: 9464 }],
    startupProbe: probe,
    livenessProbe: probe,
    readinessProbe: probe,
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
    resources: { requests: { cpu: 1, memory: '1Gi' }, limits: { memory: '1Gi' } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  };
  const pod = {
    serviceAccountName: 'a',
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    terminationGracePeriodSeconds: 35,
    containers: [container],
  };
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: {
      minReadySeconds: 10,
      selector: { matchLabels: { ...labels } },
      template: { metadata: { labels: { ...labels } }, spec: pod },
    },
  };
  const parts = {
    container,
    pod,
    deployment,
    settings: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { TESSERA_STOP_WITHIN: '25s' } },
    account: { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } },
    service: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'a' },
      spec: { selector: { ...labels }, ports: [{ targetPort: 'ops' }] },
    },
    scaler: {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'a' },
      spec: { scaleTargetRef: { name: 'a' } },
    },
    more: [],
  };
  plant(parts);
  return [parts.deployment, parts.settings, parts.account, parts.service, parts.scaler, ...parts.more];
}

const PLANTED = {
  'no secret is rendered': ({ more }) => more.push({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }),
  'a name is used once': ({ more, settings }) => more.push(settings),
  'pods have no rights': ({ container }) => (container.securityContext.readOnlyRootFilesystem = false),
  'containers say what they need': ({ container }) => delete container.resources.limits,
  'what runs has all three probes': ({ container }) => delete container.startupProbe,
  'a pod is given longer than its stop': ({ pod }) => (pod.terminationGracePeriodSeconds = 30),
  'a pod is ready for a while before the next one goes': ({ deployment }) => delete deployment.spec.minReadySeconds,
  'selectors find pods of this release': ({ service }) => (service.spec = { selector: { app: 'b' }, ports: [] }),
  'a selector of a deployment finds its own pods': ({ deployment }) => (deployment.spec.selector.matchLabels.app = 'b'),
  'ports that are named are there': ({ service }) => service.spec.ports.push({ targetPort: 'grpc' }),
  'settings that pods read are there': ({ container }) => (container.envFrom[0].configMapRef.name = 'other'),
  'what is scaled is there, and is scaled by one': ({ deployment }) => (deployment.spec.replicas = 2),
  'a service of its own account': ({ account }) => (account.metadata.name = 'b'),
};

describe('resources together', () => {
  test('a sound release has no fault', () => expect(faultsIn(release())).toEqual([]));

  test('there is a planted fault for every rule', () => expect(Object.keys(PLANTED)).toEqual(Object.keys(RULES)));

  test.each(Object.entries(PLANTED))('%s', (rule, plant) => {
    expect(faultsIn(release(plant)).map((fault) => fault.split(': ')[0])).toEqual([rule]);
  });
});

describe('schemas', () => {
  let folder;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tessera-schemas-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test('of Kubernetes: by kind, group and version; no schema is no answer', () => {
    const of = join(folder, 'v1.30.0-local-strict');
    mkdirSync(of);
    const spec = { type: 'object', additionalProperties: false, properties: { replicas: { type: 'integer' } } };
    writeFileSync(join(of, '_definitions.json'), JSON.stringify({ $defs: { spec } }));
    const properties = { apiVersion: {}, kind: {}, spec: { $ref: '/api/_definitions.json#/$defs/spec' } };
    writeFileSync(
      join(of, 'deployment-apps-v1.json'),
      JSON.stringify({ type: 'object', additionalProperties: false, properties }),
    );
    const judge = kubernetesJudge(folder, '1.30.0');
    const deployment = (inside) => ({ apiVersion: 'apps/v1', kind: 'Deployment', spec: inside });
    expect(judge(deployment({ replicas: 2 }))).toEqual([]);
    expect(judge(deployment({ replica: 2 }))).toEqual(['/spec must NOT have additional properties: replica']);
    expect(judge(deployment({ replicas: 'two' }))).toEqual(['/spec/replicas must be integer']);
    expect(judge({ apiVersion: 'v1', kind: 'Deployment' })).toBeUndefined();
  });

  test('of operators: keys that are not named are refused, where Kubernetes would drop them', () => {
    const definition = `
kind: CustomResourceDefinition
spec:
  group: keda.sh
  names: { kind: ScaledObject }
  versions:
    - name: v1alpha1
      schema:
        openAPIV3Schema:
          type: object
          properties:
            apiVersion: { type: string }
            kind: { type: string }
            metadata: { type: object }
            spec: { type: object, required: [triggers], properties: { triggers: { type: array, items: { type: object, properties: { type: { type: string } } } } } }
`;
    const definitions = join(folder, 'definitions');
    mkdirSync(definitions);
    writeFileSync(join(definitions, 'scaledobjects.yaml'), definition);
    const judge = customJudge([definitions]);
    const scaled = (spec) => ({ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', metadata: { name: 'a', labels }, spec });
    expect(judge(scaled({ triggers: [{ type: 'kafka' }] }))).toEqual([]);
    expect(judge(scaled({ trigger: [] }))).toContain('/spec must NOT have additional properties: trigger');
    expect(judge(scaled({ triggers: [{ typ: 'kafka' }] }))).toContain(
      '/spec/triggers/0 must NOT have additional properties: typ',
    );
    expect(judge({ apiVersion: 'keda.sh/v1', kind: 'ScaledObject' })).toBeUndefined();
  });

  test('what Kubernetes adds to JSON schema', () => {
    expect(strict({ 'x-kubernetes-int-or-string': true, anyOf: [] })).toEqual({ type: ['integer', 'string'] });
    const open = { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true };
    expect(strict(open, 1)).not.toHaveProperty('additionalProperties');
    expect(strict({ type: 'string', pattern: '^(?i)(abort|warn)?$' }, 1).pattern).toBe('^(?i:(abort|warn)?$)');
  });
});
