// Whether Tessera would start with the settings that a deployment gives it, asked of Tessera's own configuration.
// E1 Files of secrets under /run/tessera stand in a folder of their own with values of the right form.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SECRETS = { 'mongo-uri': 'mongodb://user:password@mongo:27017/tessera', 'kafka-password': 'password' };
const MOUNTED = '/run/tessera';

/** What `readConfig` of libs/settings says against an environment; empty where it says nothing. */
export function settingsFaults(readConfig, service, environment) {
  const folder = mkdtempSync(join(tmpdir(), 'tessera-settings-'));
  try {
    for (const [name, text] of Object.entries(SECRETS)) writeFileSync(join(folder, name), text);
    const given = Object.entries(environment).map(([name, value]) => [name, String(value).replace(MOUNTED, folder)]);
    readConfig(Object.fromEntries(given), service);
    return [];
  } catch (error) {
    return error.problems ?? [error.message];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
