// The registry of verbs. To add one:
//   1. Write src/verbs/NAME.ts with `export const NAME: Verb = { register(program, context) { program.command('NAME')… } }`.
//      A verb decodes its options, calls, prints with `context.print`, and throws what went wrong; `context.exit(3)` for differences.
//   2. Load what is heavy inside the action, `await import('../embedded.js')`, so that `tessera --help` stays quick.
//   3. To speak with the system that runs on the data folder use `connect()` of src/client.ts: `http(path)` and `grpc(service)`, with
//      the address and the token at hand.
//   4. Add it to the list below.
import type { Verb } from './verb.js';
import { backup, restore } from './verbs/backup.js';
import { bench } from './verbs/bench.js';
import { config } from './verbs/config.js';
import { decide } from './verbs/decide.js';
import { apply, plan } from './verbs/definitions.js';
import { demo } from './verbs/demo.js';
import { dev } from './verbs/dev.js';
import { doctor } from './verbs/doctor.js';
import { event } from './verbs/event.js';
import { identity } from './verbs/identity.js';
import { features, profile } from './verbs/profile.js';
import { segment } from './verbs/segment.js';
import { sim } from './verbs/sim.js';
import { snapshot } from './verbs/snapshot.js';
import { test } from './verbs/test.js';
import { dlq, topic } from './verbs/topic.js';
import { verify } from './verbs/verify.js';
import { workspace } from './verbs/workspace.js';

export const VERBS: readonly Verb[] = [
  dev,
  demo,
  plan,
  apply,
  segment,
  profile,
  features,
  identity,
  event,
  decide,
  topic,
  dlq,
  workspace,
  verify,
  backup,
  restore,
  snapshot,
  test,
  sim,
  bench,
  config,
  doctor,
];
