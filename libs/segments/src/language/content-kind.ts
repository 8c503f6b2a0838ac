// Kind Content: a payload whose texts are Liquid templates. What they read is found here, so that it is published for decisions.
// T1 A template may read `traits.NAME` and `features.NAME`; a name that is computed cannot be published and is refused.
import { childOf, NAME, readKeys, readMapping, refuse, type Field } from './field.js';
import type { ContentModel, Reference } from './model.js';

export const CONTENT_KEYS = ['payload'] as const;

const TAG = /\{\{-?([\s\S]*?)-?\}\}|\{%-?([\s\S]*?)-?%\}/g;
const RAW = /\{%-?\s*(?:raw|comment)\s*-?%\}[\s\S]*?\{%-?\s*end(?:raw|comment)\s*-?%\}/g;
const QUOTED = /'[^']*'|"[^"]*"/g;
/** `traits.first-name`, `traits['first name']`, or `traits` alone or with a computed name. */
const READ = /(?<![\w.'"-])(traits|features)(?:\s*\.\s*([A-Za-z_][\w-]*)|\s*\[\s*(?:'([^']*)'|"([^"]*)")\s*\])?(?![\w-])/g;

export function readContent(spec: Field): ContentModel | undefined {
  const fields = readKeys(spec, 'the spec of a Content', CONTENT_KEYS, ['payload']);
  const payload = fields?.get('payload');
  if (payload === undefined || readMapping(payload, '`payload`') === undefined) return undefined;
  const traits = new Set<string>();
  const features: Reference[] = [];
  const before = spec.report.errors.length;
  readTemplates(payload, traits, features);
  return spec.report.errors.length > before ? undefined : { kind: 'Content', traits: [...traits].sort(), features };
}

function readTemplates(field: Field, traits: Set<string>, features: Reference[]): void {
  const { value } = field;
  if (typeof value === 'string') readTemplate(field, value, traits, features);
  else if (Array.isArray(value)) value.forEach((part, index) => readTemplates(childOf(field, index, part), traits, features));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) readTemplates(childOf(field, key, part), traits, features);
  }
}

function readTemplate(field: Field, text: string, traits: Set<string>, features: Reference[]): void {
  const template = text.replace(RAW, '');
  const rest = template.replace(TAG, '');
  if (rest.includes('{{') || rest.includes('{%')) {
    refuse(
      field,
      'syntax',
      'a Liquid tag is not closed',
      '{{ … }}, {% … %}',
      'close it, or write {% raw %} … {% endraw %} around the text',
    );
    return;
  }
  for (const [, output = '', tag = ''] of template.matchAll(TAG)) {
    for (const [whole, root, dotted, single, double] of reads(output + tag)) {
      const name = dotted ?? single ?? double;
      if (name === undefined) {
        const problem = `a template must name what it reads of \`${root as string}\``;
        refuse(field, 'ambiguous', problem, `${root as string}.NAME`, `write ${root as string}.NAME instead of ${whole}`);
      } else if (root === 'traits') traits.add(name);
      else if (NAME.test(name)) features.push({ kind: 'Feature', name, place: field.place });
      else
        refuse(
          field,
          'bad-name',
          `'${name}' is no name of a Feature`,
          'lower-case letters, digits and hyphens',
          'name a Feature of the set',
        );
    }
  }
}

/** The reads of one tag. Words inside quotes are text, unless they are the name in brackets. */
function reads(tag: string): readonly RegExpMatchArray[] {
  const quotes = [...tag.matchAll(QUOTED)].map((match) => [match.index, match.index + match[0].length] as const);
  return [...tag.matchAll(READ)].filter((match) => !quotes.some(([from, to]) => match.index > from && match.index < to));
}
