// Writes the JSON Schemas of the definition kinds to ../schema. Run after a build; a test fails while they differ.
import { mkdirSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { SCHEMAS } from '../dist/index.js';

const folder = new URL('../schema/', import.meta.url);
const style = await resolveConfig(folder);
mkdirSync(folder, { recursive: true });
for (const [file, schema] of Object.entries(SCHEMAS)) {
  writeFileSync(new URL(file, folder), await format(JSON.stringify(schema), { ...style, parser: 'json' }));
}
