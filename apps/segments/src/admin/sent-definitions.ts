// Definitions as they are sent to the admin API, read and compiled once, with every refusal.
// B1 Three forms of a body: YAML or JSON text as in a file; `{"documents": […]}`; `{"files": [{"name", "text"}]}`, which keeps the
//    places of refusals in the files they are from.
// B2 All or nothing: one refusal anywhere, and nothing is applied.
// B3 A text without a document is refused; only `{"documents": []}` says that everything is to go.
import { ProblemException } from '@tessera/nest';
import {
  compileSet,
  formatError,
  parseDefinitions,
  type DefinitionDocument,
  type DefinitionError,
  type ParsedDefinitions,
} from '@tessera/segments';

const NAME_DEFAULT = 'request';
const SHOWN_MAX = 20;

interface SentFile {
  readonly name: string;
  readonly text: string;
}

export interface SentDefinitions {
  readonly documents: readonly DefinitionDocument[];
  /** Said beside them, where the body has room for it. */
  readonly note: string;
}

/** Throws the problem with all errors. */
export function readSentDefinitions(workspace: string, body: Buffer): SentDefinitions {
  const text = body.toString('utf8');
  const sent = readBody(text);
  const parsed = sent.files.map(({ name, text: content }) => parseDefinitions(content, name));
  const documents = parsed.flatMap((one) => one.documents);
  const errors = parsed.flatMap((one) => one.errors);
  if (errors.length > 0) throw refused(errors);
  if (documents.length === 0 && !sent.mayBeEmpty) throw nothingSent();
  const compiled = compileSet(workspace, 1, documents, { locate: locateIn(parsed) });
  if (!compiled.ok) throw refused(compiled.errors);
  return { documents, note: sent.note };
}

interface SentBody {
  readonly files: readonly SentFile[];
  readonly mayBeEmpty: boolean;
  readonly note: string;
}

function readBody(text: string): SentBody {
  const json = jsonOrNone(text);
  const note = typeof json?.['note'] === 'string' ? json['note'] : '';
  if (json !== undefined && Array.isArray(json['documents'])) {
    const documents = json['documents'] as readonly unknown[];
    return { files: [{ name: NAME_DEFAULT, text: JSON.stringify(documents) }], mayBeEmpty: documents.length === 0, note };
  }
  if (json !== undefined && Array.isArray(json['files'])) return { files: json['files'].map(fileOf), mayBeEmpty: false, note };
  return { files: [{ name: NAME_DEFAULT, text }], mayBeEmpty: false, note };
}

function jsonOrNone(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function fileOf(file: unknown, index: number): SentFile {
  const { name, text } = (file ?? {}) as Partial<SentFile>;
  if (typeof name === 'string' && typeof text === 'string') return { name, text };
  throw new ProblemException('invalid-field', {
    detail: `files[${String(index)}]: found something else, allowed is an object with the texts "name" and "text".`,
    field: `files[${String(index)}]`,
    allowed: '{"name": …, "text": …}',
    next: 'send each file with its name and its text',
  });
}

function locateIn(parsed: readonly ParsedDefinitions[]): ParsedDefinitions['locate'] {
  return (document, place) => {
    for (const { locate } of parsed) {
      const spot = locate(document, place);
      if (spot !== undefined) return spot;
    }
    return undefined;
  };
}

function refused(errors: readonly DefinitionError[]): ProblemException {
  const shown = errors.slice(0, SHOWN_MAX).map(formatError);
  if (errors.length > SHOWN_MAX) shown.push(`… and ${String(errors.length - SHOWN_MAX)} more`);
  return new ProblemException('invalid-definitions', {
    detail: shown.join('\n'),
    field: errors[0]?.place ?? '',
    next: errors[0]?.suggestion ?? '',
    errors,
  });
}

function nothingSent(): ProblemException {
  return new ProblemException('invalid-definitions', {
    detail: 'The text holds no document, and a set replaces the whole of the one before it.',
    next: 'send at least one document; {"documents": []} takes all definitions away',
  });
}
