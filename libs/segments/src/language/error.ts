// Refusals: what is wrong with a definition, where, and what to try next.
// R1 Every refusal is collected; one document may have many. None is a warning: what is refused does not compile.
// R2 A place is a path in the document, `spec.when.all[1].count`; line and column are added where the document came from text.

/** Closed list; stable, also for clients of the API. */
export type ErrorCode =
  | 'syntax'
  | 'too-large'
  | 'unsafe-key'
  | 'unsupported-version'
  | 'unsupported-kind'
  | 'unknown-key'
  | 'unknown-operator'
  | 'missing'
  | 'wrong-type'
  | 'bad-name'
  | 'bad-value'
  | 'ambiguous'
  | 'empty'
  | 'contradiction'
  | 'duplicate'
  | 'missing-reference'
  | 'cycle';

export interface DefinitionError {
  readonly code: ErrorCode;
  readonly file?: string;
  /** From 1. */
  readonly line?: number;
  /** From 1. */
  readonly column?: number;
  /** `Segment/cart-abandoners`, as far as it could be read. */
  readonly document?: string;
  readonly place: string;
  /** What is there, shortened. */
  readonly found: string;
  readonly allowed: string;
  /** The next thing to try. */
  readonly suggestion: string;
  /** All of it in one sentence or two, without the position in the file. */
  readonly message: string;
}

export interface Refusal {
  readonly code: ErrorCode;
  readonly place: string;
  readonly problem: string;
  readonly found: unknown;
  readonly allowed: string;
  readonly suggestion: string;
}

const SHOWN_MAX = 80;

/** Collects the refusals of one document. */
export class Report {
  readonly errors: DefinitionError[] = [];

  constructor(readonly document?: string) {}

  /** Always undefined, so that a reader can `return report.refuse(...)`. */
  refuse({ code, place, problem, found, allowed, suggestion }: Refusal): undefined {
    const where = place === '' ? 'the document' : place;
    this.errors.push({
      code,
      ...(this.document === undefined ? {} : { document: this.document }),
      place,
      found: showFound(found),
      allowed,
      suggestion,
      message: `${where}: ${problem}. ${capital(suggestion)}${suggestion.startsWith('did you mean') ? '?' : '.'}`,
    });
  }
}

/** `rules.yaml:3:7: Segment/a: spec.when.evnt: …`, as compilers print it. */
export function formatError(error: DefinitionError): string {
  const spot = error.file === undefined ? '' : `${error.file}:${String(error.line ?? 1)}:${String(error.column ?? 1)}: `;
  return `${spot}${error.document === undefined ? '' : `${error.document}: `}${error.message}`;
}

/** The place of a part: `spec.when` + `all` + 1 gives `spec.when.all[1]`. */
export function placeIn(place: string, key: string | number): string {
  if (typeof key === 'number') return `${place}[${String(key)}]`;
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${place}[${JSON.stringify(key)}]`;
  return place === '' ? key : `${place}.${key}`;
}

/** A value as it is shown in refusals: JSON, shortened. */
export function showFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  let text: string;
  try {
    text = typeof value === 'bigint' ? String(value) : (JSON.stringify(value) ?? typeof value);
  } catch {
    text = typeof value;
  }
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX - 1)}…` : text;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
