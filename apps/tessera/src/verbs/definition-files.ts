// Definitions from files and folders, read and checked before anything is sent: an error has the file, the line and the column.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { formatError, parseDefinitions, type DefinitionDocument } from '@tessera/segments';
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

/** Throws with every error of every file. */
export function readDefinitions(paths: readonly string[]): readonly DefinitionDocument[] {
  const parsed = definitionFiles(paths).map((file) => parseDefinitions(readFileSync(file, 'utf8'), file));
  const errors = parsed.flatMap((one) => one.errors);
  if (errors.length > 0) throw new Error(`nothing was applied:\n${errors.map(formatError).join('\n')}`);
  const documents = parsed.flatMap((one) => one.documents);
  if (documents.length === 0) throw new UsageError('there is no definition in these files');
  return documents;
}
