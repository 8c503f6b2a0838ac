// `tessera doctor`: does this machine have what Tessera needs, and does the system on the data folder run well?
import type { Verb } from '../verb.js';

interface Finding {
  readonly ok: boolean;
  readonly what: string;
  /** The next thing to try, where it is not. */
  readonly next?: string;
}

export const doctor: Verb = {
  register(program, { print, exit }) {
    program
      .command('doctor')
      .description('Look for what is wrong with this machine or the running system')
      .action(async () => {
        const findings = await examine();
        for (const { ok, what, next } of findings)
          print(`${ok ? 'ok  ' : 'BAD '} ${what}${ok || next === undefined ? '' : `\n     ${next}`}`);
        if (findings.some(({ ok }) => !ok)) exit(1);
      });
  },
};

async function examine(): Promise<readonly Finding[]> {
  const { readConfig } = await import('@tessera/settings');
  const { readEndpoints } = await import('../endpoints-file.js');
  const config = readConfig();
  const running = readEndpoints(config.data);
  return [
    nodeVersion(),
    await folder(config.data),
    ...(running ? await systemAt(running.ops, running.pid) : await ports(config)),
  ];
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const ok = major > 24 || (major === 24 && minor >= 9);
  return {
    ok,
    what: `Node.js ${process.version}`,
    next: 'install Node.js 24.9 or later, or start by `npm start`, which brings one',
  };
}

async function folder(data: string): Promise<Finding> {
  const { access, constants, mkdir, statfs } = await import('node:fs/promises');
  try {
    await mkdir(data, { recursive: true });
    await access(data, constants.R_OK | constants.W_OK);
    const { bavail, bsize } = await statfs(data);
    const freeGiB = (bavail * bsize) / 2 ** 30;
    const what = `data folder ${data} can be written, ${freeGiB.toFixed(1)} GiB free`;
    return { ok: freeGiB > 0.5, what, next: 'make room: the log grows with every event' };
  } catch (error) {
    const what = `data folder ${data}: ${error instanceof Error ? error.message : String(error)}`;
    return { ok: false, what, next: 'choose a folder that can be written: TESSERA_DATA=…' };
  }
}

async function systemAt(ops: string, pid: number): Promise<readonly Finding[]> {
  const what = `the system of process ${String(pid)} at ${ops}`;
  try {
    const response = await fetch(`${ops}/readyz`, { signal: AbortSignal.timeout(3_000) });
    const problems = (await response.text()).trim();
    return response.ok
      ? [{ ok: true, what: `${what} is ready` }]
      : problems.split('\n').map((problem) => ({ ok: false, what: problem, next: 'the journal on stderr has the cause' }));
  } catch (error) {
    return [
      {
        ok: false,
        what: `${what} does not answer: ${error instanceof Error ? error.message : String(error)}`,
        next: 'restart it',
      },
    ];
  }
}

async function ports({
  host,
  httpPort,
  grpcPort,
  opsPort,
}: {
  host: string;
  httpPort: number;
  grpcPort: number;
  opsPort: number;
}): Promise<readonly Finding[]> {
  const { freePort } = await import('@tessera/service');
  const findings: Finding[] = [{ ok: true, what: 'no system runs on this data folder' }];
  for (const [door, wanted] of [
    ['HTTP', httpPort],
    ['gRPC', grpcPort],
    ['ops', opsPort],
  ] as const) {
    const found = await freePort(host, wanted, new Set()).catch(() => undefined);
    findings.push({
      ok: found !== undefined,
      what: `port ${String(wanted)} for ${door} is ${found === wanted || wanted === 0 ? 'free' : `busy, ${String(found)} would be taken`}`,
      next: `choose another: TESSERA_${door.toUpperCase()}_PORT=…`,
    });
  }
  return findings;
}
