// Definitions from files and folders, as the admin API takes them: with their names, so that refusals have file, line and column.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../verb.js';

const FORMS = /\.(ya?ml|json)$/;

/** A folder means all definition files in it and below, in the order of their names. */
export function definitionFiles(paths: readonly string[]): readonly string[] {
  return paths.flatMap((path) => {
    if (!existsSync(path)) throw new UsageError(`there is no file or folder ${path}`);
    if (!statSync(path).isDirectory()) return [path];
    const files = filesBelow(path);
    if (files.length === 0) throw new UsageError(`there is no .yaml, .yml or .json file in the folder ${path}`);
    return files;
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name.startsWith('.') ? [] : filesBelow(path);
      return FORMS.test(entry.name) ? [path] : [];
    });
}

export interface NamedFile {
  readonly name: string;
  readonly text: string;
}

export function readFiles(paths: readonly string[]): readonly NamedFile[] {
  return definitionFiles(paths).map((name) => ({ name, text: readFileSync(name, 'utf8') }));
}
