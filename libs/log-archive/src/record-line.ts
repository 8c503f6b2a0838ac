// A record as one line of JSON: what the archive holds can be read by everybody, with zstd and any JSON reader.
// L1 A line is a function of the record as it was read: the same record gives the same bytes.
// L2 What was read from the log is read from its line: key order, ill-formed strings, and the few values that JSON has no form for (bytes,
//    -0, NaN, the infinities, undefined in a list) in a tagged form. A property that is undefined and one that is not there are the same.
//
//   {"offset":7,"stampMs":1767225600000,"key":"w/sender/…","headers":{…},"value":{…}}
//   {"offset":8,…,"tagged":{…}} where the value needs tags: {"$":"bytes","of":"BASE64"}, {"$":"number","of":"-0"}, {"$":"undefined"},
//   {"$":"object","of":[[NAME,VALUE],…]} for an object that has a property "$" itself.
import type { AnyRecord, Key } from '@tessera/contracts';
import type { LogRecord } from '@tessera/runtime';

interface Line {
  readonly offset: number;
  readonly stampMs: number;
  readonly key: Key;
  readonly headers?: Readonly<Record<string, string>>;
  readonly value?: AnyRecord | null;
  readonly tagged?: unknown;
}

/** Without the line feed. Throws TypeError for what no log holds (a function, a symbol). */
export function encodeLine({ offset, stampMs, key, headers, value }: LogRecord): string {
  const place = { offset, stampMs, key, headers };
  return isPlain(value) ? JSON.stringify({ ...place, value }) : JSON.stringify({ ...place, tagged: tag(value) });
}

/** Records of a text of whole lines, each ended by a line feed. Throws SyntaxError where it is no such text. */
export function decodeLines(text: string): readonly LogRecord[] {
  // No line feed stands inside of JSON, so one call reads them all.
  const lines = JSON.parse(`[${text.slice(0, -1).replaceAll('\n', ',')}]`) as readonly Line[];
  return lines.map(({ offset, stampMs, key, headers, value = null, tagged }) => ({
    offset,
    stampMs,
    key,
    value: tagged === undefined ? value : (untag(tagged) as AnyRecord),
    headers,
  }));
}

/** True where JSON holds the value as it is. */
function isPlain(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0);
    case 'object':
      if (value === null) return true;
      if (Array.isArray(value)) return value.every(isPlain);
      if (value instanceof Uint8Array) return false;
      for (const name of Object.keys(value)) {
        const field = (value as Record<string, unknown>)[name];
        if (field !== undefined && !isPlain(field)) return false;
      }
      return true;
    case 'undefined':
      return false;
    default:
      throw new TypeError(`a ${typeof value} cannot be archived`);
  }
}

function tag(value: unknown): unknown {
  if (value === undefined) return { $: 'undefined' };
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0)))
    return { $: 'number', of: Object.is(value, -0) ? '-0' : String(value) };
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return { $: 'bytes', of: Buffer.from(value).toString('base64') };
  if (Array.isArray(value)) return value.map(tag);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (Object.hasOwn(value, '$')) return { $: 'object', of: fields.map(([name, field]) => [name, tag(field)]) };
  return withFields(fields.map(([name, field]) => [name, tag(field)]));
}

function untag(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(untag);
  const { $: kind, of } = value as { readonly $?: string; readonly of?: unknown };
  switch (kind) {
    case undefined:
      return withFields(Object.entries(value).map(([name, field]) => [name, untag(field)]));
    case 'undefined':
      return undefined;
    case 'number':
      return Number(of);
    case 'bytes':
      return new Uint8Array(Buffer.from(of as string, 'base64'));
    case 'object':
      return withFields((of as readonly (readonly [string, unknown])[]).map(([name, field]) => [name, untag(field)]));
    default:
      throw new SyntaxError(`the tag ${JSON.stringify(kind)} is of a later release`);
  }
}

/** `__proto__` is a name like any other. */
function withFields(fields: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  return Object.fromEntries(fields);
}
