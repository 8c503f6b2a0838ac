// `node tools/check/count.mjs KIND:EXIT_CODE:FILE…`: adds up what Jest (`tests`) and `npm run check` (`steps`) wrote as JSON, and prints
// as its last line `N passed, N failed`. Runs on Node.js 20. Exit code 1 where something failed or no test ran.
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const COUNTERS = {
  tests: ({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) => ({
    passed: numPassedTests,
    failed: numFailedTests + numRuntimeErrorTestSuites,
  }),
  steps: (steps) => ({ passed: steps.filter(({ ok }) => ok).length, failed: steps.filter(({ ok }) => !ok).length }),
};

/**
 * { passed, failed, notes }. A command that failed without saying what counts as one failure, and so does one that ran nothing.
 * @param results [{ kind, exitCode, json }], json undefined where none was written
 */
export function count(results) {
  const total = { passed: 0, failed: 0, notes: [] };
  for (const { kind, exitCode, json } of results) {
    const { passed, failed } = json === undefined ? { passed: 0, failed: 0 } : COUNTERS[kind](json);
    total.passed += passed;
    total.failed += failed;
    if (failed > 0) continue;
    if (exitCode !== 0)
      total.notes.push(`${kind}: exit code ${exitCode}${json === undefined ? ' and no results' : ', though nothing failed'}`);
    else if (passed === 0) total.notes.push(`${kind}: ran nothing`);
  }
  total.failed += total.notes.length;
  return total;
}

function readResult(argument) {
  const [kind, exitCode, ...file] = argument.split(':');
  return { kind, exitCode: Number(exitCode), json: readJson(file.join(':')) };
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { passed, failed, notes } = count(process.argv.slice(2).map(readResult));
  for (const note of notes) console.log(note);
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}
