// What it costs a record that stages hand on what records carry: nanoseconds of CPU per step, as a ratio to the bare stage in the same run.
//   node bench/telemetry/carried.mjs [STEPS]
// The stage does nothing but emit one record, so that nothing hides the difference; a shipped stage takes some microseconds for a step.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { carrying } from '@tessera/runtime';
import { createTelemetry, readTraceConfig } from '@tessera/telemetry';

const STEPS = Number(process.argv[2] ?? 5_000_000);
const ROUNDS = 5;
const TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const stage = {
  name: 'bench',
  input: 'events',
  dueMs: () => Infinity,
  step(document, record, context) {
    document.count += 1;
    context.emit('fragments', 0, { key: record.key, value: null });
    return APPLIED;
  },
  fire() {},
};
const APPLIED = { kind: 'applied' };
const off = createTelemetry({ traces: readTraceConfig({}, 'bench'), logSystem: 'tessera', storeSystem: 'lmdb' });

const variants = {
  bare: [stage, undefined],
  'carrying, nothing carried': [carrying(stage), undefined],
  'carrying, watched, no exporter': [carrying(stage, off.observe(stage)), undefined],
  'carrying, headers of others': [carrying(stage, off.observe(stage)), { ce_type: 'x', ce_id: 'y' }],
  'carrying, a sampled trace, no exporter': [carrying(stage, off.observe(stage)), { traceparent: TRACEPARENT }],
};

const [, , , only] = process.argv;
if (only === undefined) compare();
else process.stdout.write(String(bestOf(only)));
await off.close();

/** Each in a process of its own: what the compiler has learned of one does not slow another. */
function compare() {
  const best = {};
  for (const name of Object.keys(variants))
    best[name] = Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), String(STEPS), name]));
  const found = Object.entries(best).map(([name, ns]) => [name, { ns: round1(ns), ratio: round1(ns / best.bare) }]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(found), undefined, 2)}\n`);
}

function bestOf(name) {
  const [variant, headers] = variants[name];
  const steps = headers?.traceparent === undefined ? STEPS : STEPS / 50;
  return Math.min(...Array.from({ length: ROUNDS }, () => nanosecondsOf(variant, headers, steps)));
}

function nanosecondsOf(variant, headers, steps) {
  const document = { count: 0 };
  let emitted = 0;
  const context = {
    partition: 0,
    offset: 0,
    stampMs: 0,
    logTimeMs: 0,
    generation: 1,
    state: null,
    definitions: () => undefined,
    partitions: () => 8,
    nextIndex: () => 0,
    emit: () => void (emitted += 1),
  };
  const began = process.cpuUsage();
  for (let offset = 0; offset < steps; offset++)
    variant.step(document, { offset, stampMs: 0, key: 'main/sender/a', value: null, headers }, context);
  const { user, system } = process.cpuUsage(began);
  const ns = ((user + system) * 1_000) / steps;
  if (emitted !== steps) throw new Error(`${emitted} records of ${steps} steps`);
  return ns;
}

function round1(value) {
  return Math.round(value * 10) / 10;
}
