// Certificate, key and authority of the doors, read once at the start: a new certificate takes a restart.
import { readFileSync } from 'node:fs';
import type { Config } from '@tessera/settings';

export interface Tls {
  readonly key: Buffer;
  readonly cert: Buffer;
  readonly ca: Buffer | undefined;
}

/** Undefined where no certificate is set; throws where a file cannot be read. */
export function readTls({ tlsCert, tlsKey, tlsCa }: Pick<Config, 'tlsCert' | 'tlsKey' | 'tlsCa'>): Tls | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return {
    key: readFileSync(tlsKey),
    cert: readFileSync(tlsCert),
    ca: tlsCa === undefined ? undefined : readFileSync(tlsCa),
  };
}
