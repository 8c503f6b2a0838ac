import { describe, expect, test } from '@jest/globals';
import { count } from '../count.mjs';

const jest = (numPassedTests, numFailedTests = 0, numRuntimeErrorTestSuites = 0) => ({
  numPassedTests,
  numFailedTests,
  numRuntimeErrorTestSuites,
});

describe('the last line of continuous integration', () => {
  test('adds up tests and steps', () => {
    const results = [
      { kind: 'tests', exitCode: 0, json: jest(10) },
      { kind: 'tests', exitCode: 1, json: jest(5, 2) },
      { kind: 'steps', exitCode: 1, json: [{ ok: true }, { ok: false }, { ok: true }] },
    ];
    expect(count(results)).toEqual({ passed: 17, failed: 3, notes: [] });
  });

  test('counts a suite that could not be run', () => {
    expect(count([{ kind: 'tests', exitCode: 1, json: jest(3, 0, 1) }])).toEqual({ passed: 3, failed: 1, notes: [] });
  });

  test('counts a command that ended without results', () => {
    expect(count([{ kind: 'tests', exitCode: 137, json: undefined }])).toEqual({
      passed: 0,
      failed: 1,
      notes: ['tests: exit code 137 and no results'],
    });
  });

  test('counts a command that failed though nothing in it did', () => {
    expect(count([{ kind: 'tests', exitCode: 1, json: jest(3) }])).toEqual({
      passed: 3,
      failed: 1,
      notes: ['tests: exit code 1, though nothing failed'],
    });
  });

  test('does not pass where no test ran', () => {
    expect(count([{ kind: 'tests', exitCode: 0, json: jest(0) }])).toEqual({
      passed: 0,
      failed: 1,
      notes: ['tests: ran nothing'],
    });
  });
});
