// `endpoints.json` in the data folder: where the doors of the running system are. It is there while the system runs; what a killed
// process left behind names a process that is gone.
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoints } from './system.js';

export interface EndpointsFile extends Pick<Endpoints, 'http' | 'grpc' | 'ops'> {
  readonly pid: number;
}

const FILE = 'endpoints.json';

export function writeEndpoints(folder: string, { http, grpc, ops }: Endpoints): void {
  const file: EndpointsFile = { pid: process.pid, http, grpc, ops };
  const path = join(folder, FILE);
  writeFileSync(`${path}.draft`, `${JSON.stringify(file, undefined, 2)}\n`);
  renameSync(`${path}.draft`, path);
}

export function removeEndpoints(folder: string): void {
  rmSync(join(folder, FILE), { force: true });
}

/** Undefined where no system runs on the folder. */
export function readEndpoints(folder: string): EndpointsFile | undefined {
  const path = join(folder, FILE);
  if (!existsSync(path)) return undefined;
  const file = JSON.parse(readFileSync(path, 'utf8')) as EndpointsFile;
  return isAlive(file.pid) ? file : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
