// Every example that a reader may copy is one that applies.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compileSet, formatError, parseDefinitions } from '@tessera/segments';

const EXAMPLES = join(import.meta.dirname, '../../../examples');

function yamlFiles(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? yamlFiles(path) : name.endsWith('.yaml') ? [path] : [];
    });
}

function documentsIn(file: string) {
  const parsed = parseDefinitions(readFileSync(file, 'utf8'), file);
  expect(parsed.errors.map(formatError)).toEqual([]);
  return parsed.documents;
}

describe('the examples', () => {
  test('are there', () => {
    expect(yamlFiles(EXAMPLES).length).toBeGreaterThanOrEqual(3);
  });

  test('the first segment of your own compiles', () => {
    const outcome = compileSet('w', 1, documentsIn(join(EXAMPLES, 'first-segment.yaml')));
    expect(outcome.ok ? [] : outcome.errors.map(formatError)).toEqual([]);
  });

  test('the folder of the shop compiles as one set', () => {
    const documents = yamlFiles(join(EXAMPLES, 'shop')).flatMap(documentsIn);
    const outcome = compileSet('w', 1, documents);
    expect(outcome.ok ? [...outcome.set.segments.map(({ name }) => name)].sort() : outcome.errors.map(formatError)).toEqual([
      'big-spenders',
      'engaged',
      'forgotten-cart',
      'frequent-viewers',
      'newsletter-readers',
      'newsletter-vips',
      'vip',
    ]);
  });
});
