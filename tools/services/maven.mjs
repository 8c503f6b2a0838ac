// Jars from Maven Central, by a pom of ours, into a folder that later runs find full.
// M1 A folder is complete or not there: jars are copied beside it and the folder is renamed.
// M2 The folder's name holds the hash of the pom: another version is another folder.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Names of the commands that cannot be started, with what to do about each. */
export async function missingTools() {
  const tools = {
    java: ['-version', 'a JDK 17 or later (Debian: openjdk-17-jdk-headless)'],
    mvn: ['-v', 'Apache Maven (Debian: maven)'],
  };
  const missing = [];
  for (const [command, [flag, install]] of Object.entries(tools)) {
    const { code } = await run(command, [flag]);
    if (code !== 0) missing.push(`${command}: install ${install}`);
  }
  return missing;
}

/** The folder that holds the runtime jars of the pom; downloads them the first time (about half a minute). */
export async function jarsOf(pom, cache, name) {
  const hash = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 12);
  return madeOnce(join(cache, `${name}-${hash}`), async (unfinished) => {
    process.stderr.write(`tessera: fetching the jars of ${name} (once, about half a minute) …\n`);
    const { code, output } = await run('mvn', [
      ...['-q', '-B', '-f', pom, 'dependency:copy-dependencies', '-DincludeScope=runtime'],
      `-DoutputDirectory=${unfinished}`,
    ]);
    if (code !== 0)
      throw new Error(
        `Maven could not fetch the jars of ${name}; is Maven Central, or a mirror in settings.xml, reachable?\n${output}`,
      );
  });
}

/** A folder that is complete or not there: `make` fills one beside it, which is then renamed. */
export async function madeOnce(folder, make) {
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  try {
    await make(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another run was first: the folder is full.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

/** Runs a command to its end: exit code (127 where it cannot be started) and what it wrote. */
export function run(command, commandLine) {
  return new Promise((resolve) => {
    const child = spawn(command, commandLine, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('error', () => resolve({ code: 127, output: '' }));
    child.on('close', (code) => resolve({ code: code ?? 1, output }));
  });
}
