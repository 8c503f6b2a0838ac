// The demo: the system of `tessera dev` on a throw-away data folder, a shop that is played on it, and promises that are checked.
// D1 It speaks to the system through its doors: the tracking API by an unmodified SDK, the rest by gRPC and HTTP.
// D2 With `once` its last line is a JSON object that programs read; the folder is gone afterwards, whatever happened.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJournal } from '@tessera/telemetry';
import { accessOf } from '@tessera/service';
import type { Config } from '@tessera/settings';
import { openEmbedded, type Embedded } from '../embedded.js';
import { panel } from '../panel.js';
import { verify } from '../verify.js';
import { openAsking } from '../verbs/asking.js';
import { readFiles } from '../verbs/definition-files.js';
import { Audience } from './audience.js';
import { Chance } from './chance.js';
import type { WhoAsked } from './naive.js';
import { eventually, play } from './play.js';
import { Promises, type Promised } from './promises.js';
import { Telling } from './telling.js';
import { Tracking } from './tracking.js';
import { judge } from './verdict.js';
import { Watch, type SeenChange } from './watch.js';

const SHOP = fileURLToPath(new URL('../../../../examples/shop', import.meta.url));

export interface DemoOptions {
  readonly seed: number;
  readonly once: boolean;
}

export interface DemoReport {
  readonly ok: boolean;
  readonly promises: readonly Promised[];
  readonly events: number;
  readonly changes: number;
  readonly seconds: number;
  readonly seed: number;
}

/** Resolves when the play is over and, without `once`, `stopped` has come. */
export async function runDemo(
  config: Config,
  { seed, once }: DemoOptions,
  print: (text: string) => void,
  stopped: Promise<unknown>,
): Promise<DemoReport> {
  const data = mkdtempSync(join(tmpdir(), 'tessera-demo-'));
  try {
    const embedded = await openEmbedded({ ...config, data }, createJournal(config.logLevel));
    try {
      if (!once) print(panel(embedded));
      const report = await Promise.race([perform(embedded, seed, print), interruption(stopped)]);
      if (!once) {
        print('\n  The shop stays open: the panel above holds. Stop with Ctrl+C.');
        await stopped;
      }
      return report;
    } finally {
      await embedded.stop();
    }
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}

async function interruption(stopped: Promise<unknown>): Promise<never> {
  await stopped;
  throw new Error('the play was stopped before its end');
}

async function perform(embedded: Embedded, seed: number, print: (text: string) => void): Promise<DemoReport> {
  const startMs = Date.now();
  const telling = new Telling((text) => {
    print(text.replace(/\n$/, ''));
  });
  const promises = new Promises(telling);
  const asking = await openAsking(embedded.data);
  const audience = new Audience((service, method, request) => asking.call(service, method, request));
  const tracking = new Tracking(asking.http, asking.writeKey, `demo-${String(seed)}`);
  const known = new Map<string, WhoAsked>();
  const names = new Names(audience, known);
  const log = embedded.ports.log;
  const watch = new Watch(log, (change) => void names.tell(change, telling));
  try {
    const { changes } = await asking.post('/api/v1/definitions:apply?wait=active&note=demo', { files: readFiles([SHOP]) });
    telling.note(`applied ${String((changes as readonly unknown[]).length)} definitions of examples/shop; seed ${String(seed)}`);
    watch.start();
    await promises.ask('the play ran to its end', async () => {
      await play({ tracking, audience, telling, promises, chance: new Chance(seed), known });
      return { ok: true, found: `${String(tracking.sent.length)} calls` };
    });
    telling.act('What was promised, checked by a second path');
    await judge({ log, tracking, audience, watch, promises }, Date.now());
    await rebuilt(embedded, promises);
  } finally {
    await watch.stop();
    await tracking.stop();
    asking.close();
  }
  return {
    ok: promises.kept,
    promises: promises.all,
    events: tracking.sent.length,
    changes: watch.seen.length,
    seconds: (Date.now() - startMs) / 1_000,
    seed,
  };
}

/** When everything is written: what is stored equals what a fresh fold of the logs gives. */
async function rebuilt({ ports, credentials }: Embedded, promises: Promises): Promise<void> {
  await promises.ask('state rebuilt from the logs equals the live state, byte by byte', async () => {
    const { ok, records, documents, differences, skipped } = await eventually(
      () => verify({ ...ports, access: accessOf(credentials) }),
      (found) => found.ok && found.skipped === 0,
    );
    return {
      ok: ok && skipped === 0,
      found: differences[0] ?? `${String(records)} records, ${String(documents)} documents, ${String(skipped)} not compared`,
    };
  });
}

/** Names for the profiles of those who can be asked for. */
class Names {
  private readonly byProfile = new Map<string, string>();

  constructor(
    private readonly audience: Audience,
    private readonly known: ReadonlyMap<string, WhoAsked>,
  ) {}

  async tell({ profile, kind, segment, reason }: SeenChange, telling: Telling): Promise<void> {
    const name = this.byProfile.get(profile) ?? (await this.find(profile));
    telling.change(kind, name, segment, reason);
  }

  private async find(profile: string): Promise<string> {
    await Promise.all(
      [...this.known].map(async ([name, who]) => {
        const found = await this.audience.profileOf(who).catch(() => undefined);
        if (found !== undefined && !this.byProfile.has(found)) this.byProfile.set(found, name);
      }),
    );
    return this.byProfile.get(profile) ?? `someone (${profile.slice(0, 8)}...)`;
  }
}
