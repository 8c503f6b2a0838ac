// `node tools/deploy/main.mjs`: checks what lies in deploy/ with the tools that its users have. `npm run check -- deploy` calls it.
// M1 One line per check: ok, FAIL with what is wrong, or `skipped` with the reason. Exit code 1 if one failed; what was skipped is no
//    failure, because none of these tools is needed to work on Tessera, and every check that needs none is a test beside this file.
// M2 Nothing is applied anywhere: files are read, rendered and compared with schemas.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments, stringify } from 'yaml';
import { ROOT } from '../run/root.mjs';
import { CHART, trialNames } from './chart.mjs';
import {
  compose,
  hadolint,
  helm,
  kedaResources,
  kubernetesSchemas,
  prometheusResources,
  promtool,
  strimziModel,
} from './fetch.mjs';
import { faultsIn } from './rendered.mjs';
import { customJudge, kubernetesJudge } from './schemas.mjs';
import { settingsFaults } from './settings.mjs';

const run = promisify(execFile);
/** The oldest that the chart allows, and the newest that there are schemas of. */
const KUBERNETES = ['1.30.0', '1.37.0'];
/** Resources of which no registry has the schema, but the operator's own model. */
const OF_STRIMZI = /^kafka\.strimzi\.io\//;
const STRIMZI_VERSIONS = ['kafka.strimzi.io/v1', 'kafka.strimzi.io/v1beta2'];

/** Values that the chart must refuse, each with a part of what it says. */
const REFUSALS = {
  'kafka.brokers is empty': ['kafka.brokers=null'],
  'mongo.uri.existingSecret is empty': ['mongo.uri.existingSecret='],
  'credentials.existingSecret is empty': ['credentials.existingSecret='],
  'kafka.saslUsername is empty': ['kafka.securityProtocol=SASL_SSL'],
  'allowed are at most the 8 partitions': ['partitions=8', 'services.features.autoscaling.enabled=true'],
  'below minReplicas': ['services.ingestion.autoscaling.enabled=true', 'services.ingestion.autoscaling.minReplicas=50'],
  'strimzi.cluster is empty': ['strimzi.enabled=true'],
  partitons: ['partitons=8'],
};

const CHECKS = {
  'Dockerfile, hadolint': async () => {
    const tool = await hadolint();
    return 'missing' in tool ? tool : output(tool.path, ['--no-color', join(ROOT, 'deploy/docker/Dockerfile')]);
  },
  'docker-compose.yml, compose-go': async () => {
    const tool = await compose();
    if ('missing' in tool) return tool;
    return output(tool.path, ['docker-compose.yml'], { cwd: join(ROOT, 'deploy/compose') });
  },
  'alert rules, promtool': async () => {
    const tool = await promtool();
    if ('missing' in tool) return tool;
    const checked = await output(tool.path, ['check', 'rules', join(CHART, 'files/alerts.yaml')]);
    return checked.faults ? checked : output(tool.path, ['test', 'rules', join(ROOT, 'tools/deploy/alerts.test.yaml')]);
  },
  'chart, helm lint': withHelm(async (path) => {
    const faults = [];
    for (const trial of trialNames()) {
      const { faults: found = [] } = await output(path, ['lint', '--strict', CHART, '--values', valuesFile(trial)]);
      faults.push(...found);
    }
    return { faults, done: `${trialNames().length} files of values` };
  }),
  'chart, refusals': withHelm(async (path) => {
    const faults = [];
    for (const [says, sets] of Object.entries(REFUSALS)) {
      const words = sets.flatMap((one) => ['--set', one]);
      const { faults: [said] = [] } = await output(path, [...templateWords('minimal', KUBERNETES[0]), ...words]);
      if (said === undefined) faults.push(`${sets.join(' ')} is accepted`);
      else if (!said.includes(says)) faults.push(`${sets.join(' ')} is refused without "${says}": ${said}`);
    }
    return { faults, done: `${Object.keys(REFUSALS).length} wrong values` };
  }),
  'chart, rendered': withHelm(async (path) => {
    const faults = [];
    let count = 0;
    for (const trial of trialNames()) {
      const resources = await render(path, trial, KUBERNETES[0]);
      count += resources.length;
      faults.push(...faultsIn(resources).map((fault) => `${trial}: ${fault}`));
    }
    return { faults, done: `${count} resources` };
  }),
  'chart, settings as Tessera reads them': withHelm(async (path) => {
    const { readConfig } = await import('../../libs/settings/dist/index.js').catch(() => ({}));
    if (readConfig === undefined) return { missing: 'libs/settings is not built (npm run build)' };
    const faults = [];
    for (const trial of trialNames()) {
      const resources = await render(path, trial, KUBERNETES[0]);
      const { data } = resources.find(({ kind, data: settings }) => kind === 'ConfigMap' && settings.TESSERA_LOG);
      for (const { kind, spec } of resources) {
        if (kind !== 'Deployment') continue;
        const [{ name }] = spec.template.spec.containers;
        faults.push(...settingsFaults(readConfig, name, data).map((fault) => `${trial}, ${name}: ${fault}`));
      }
    }
    return { faults };
  }),
  'chart, schemas of Kubernetes and operators': withHelm(async (path) => {
    const found = await Promise.all([kubernetesSchemas(), kedaResources(), prometheusResources()]);
    const [{ missing } = {}] = found.filter((one) => 'missing' in one);
    if (missing !== undefined) return { missing };
    const [schemas, ...operators] = found.map((one) => one.path);
    return judge(
      path,
      KUBERNETES.map((version) => [version, kubernetesJudge(schemas, version)]),
      customJudge(operators),
    );
  }),
  'chart, the model of Strimzi': withHelm(async (path) => {
    const model = await strimziModel();
    return 'missing' in model ? model : judgeStrimzi(path, model.path);
  }),
};

async function judgeStrimzi(path, classPath) {
  const faults = [];
  let count = 0;
  for (const version of STRIMZI_VERSIONS) {
    const all = await render(path, 'strimzi', KUBERNETES[0], ['--set', `strimzi.apiVersion=${version}`]);
    const resources = all.filter(({ apiVersion }) => apiVersion === version);
    if (resources.length === 0) faults.push(`no resource of ${version} is rendered`);
    count += resources.length;
    const words = ['-cp', classPath, join(ROOT, 'tools/deploy/strimzi/StrimziJudge.java')];
    const said = run('java', words, { maxBuffer: 64 << 20 });
    said.child.stdin.end(resources.map((one) => `---\n${stringify(one)}`).join(''));
    await said.catch((error) => faults.push(error.stdout.trim() || error.stderr.trim()));
  }
  return { faults, done: `${count} resources, ${STRIMZI_VERSIONS.join(' and ')}` };
}

async function judge(path, versions, custom) {
  const faults = [];
  let count = 0;
  for (const trial of trialNames()) {
    for (const [version, kubernetes] of versions) {
      for (const resource of await render(path, trial, version)) {
        if (OF_STRIMZI.test(resource.apiVersion)) continue;
        const problems = kubernetes(resource) ?? custom(resource);
        const name = `${resource.kind} ${resource.metadata.name}`;
        if (problems !== undefined) {
          count += 1;
          faults.push(...problems.map((problem) => `${trial}, ${version}: ${name} ${problem}`));
        } else faults.push(`${trial}, ${version}: there is no schema for ${name} of ${resource.apiVersion}`);
      }
    }
  }
  return { faults, done: `${count} resources, ${KUBERNETES.join(' and ')}` };
}

async function render(path, trial, version, more = []) {
  const { stdout } = await run(path, [...templateWords(trial, version), ...more], { maxBuffer: 64 << 20 });
  return parseAllDocuments(stdout)
    .map((document) => document.toJS())
    .filter((resource) => resource !== null);
}

function templateWords(trial, version) {
  return ['template', 'trial', CHART, '--namespace', 'apps', '--kube-version', version, '--values', valuesFile(trial)];
}

function valuesFile(trial) {
  return join(CHART, 'ci', `${trial}.yaml`);
}

function withHelm(check) {
  return async () => {
    const tool = await helm();
    return 'missing' in tool ? tool : check(tool.path);
  };
}

/** { faults } where a command fails, or says something that it should not. */
async function output(path, words, options = {}) {
  try {
    await run(path, words, { maxBuffer: 64 << 20, ...options });
    return {};
  } catch (error) {
    return { faults: [`${error.stdout ?? ''}${error.stderr ?? error.message}`.trim()] };
  }
}

async function main() {
  let failed = 0;
  const say = (word, name, rest = '') => process.stdout.write(`${word.padEnd(9)}${name}${rest === '' ? '' : `: ${rest}`}\n`);
  for (const [name, check] of Object.entries(CHECKS)) {
    const { missing, faults = [], done = '' } = await check();
    if (missing !== undefined) say('skipped', name, missing);
    else if (faults.length === 0) say('ok', name, done);
    else {
      failed += 1;
      say('FAIL', name, `\n  ${faults.join('\n  ')}`);
    }
  }
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main();
