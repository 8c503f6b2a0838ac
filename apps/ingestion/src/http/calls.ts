// The doors of the tracking API: path to call. Long names for servers, one letter for Segment's browser client.
import type { CallType } from '@tessera/tracking';

export type Door = CallType | 'batch' | 'import';

export const DOORS: Readonly<Record<string, Door>> = {
  track: 'track',
  t: 'track',
  identify: 'identify',
  i: 'identify',
  page: 'page',
  p: 'page',
  screen: 'screen',
  s: 'screen',
  group: 'group',
  g: 'group',
  alias: 'alias',
  a: 'alias',
  batch: 'batch',
  b: 'batch',
  import: 'import',
};

/** The door of a path like `/v1/t`. */
export function doorOf(path: string): Door | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return Object.hasOwn(DOORS, name) ? DOORS[name] : undefined;
}
