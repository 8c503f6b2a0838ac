// The port ObjectStore: whole, immutable-minded files under names, in a folder or in an S3-compatible service.
// O1 An object is there whole or not at all: whoever reads finds the old bytes, the new bytes or nothing, also after a crash.
// O2 `put` resolves when the object is durable; it rejects with RetryableError when the world failed, and may have taken effect then.
// O3 With `ifAbsent` an object that is there is never changed, and of several that put the same name at once one writes.
//    (S3 without conditional writes cannot promise the second half: see S3Settings.)
// O4 `list` gives names in the order of their bytes, each once, in pages of a bounded number.
// O5 A name is checked before anything happens: nothing a caller passes reaches outside of the store.

export interface ObjectStore {
  /** `present`: `ifAbsent` was asked and an object of that name is there. At most OBJECT_BYTES_MAX bytes, else RangeError. */
  put(name: string, bytes: Uint8Array, options?: PutOptions): Promise<'written' | 'present'>;
  /** The whole object; undefined where there is none. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Bytes [start, end), as many of them as there are; undefined where there is no object. */
  getRange(name: string, start: number, end: number): Promise<Uint8Array | undefined>;
  /** Names that begin with `prefix`, a page at a time. */
  list(prefix: string, options?: ListOptions): Promise<ObjectPage>;
  /** A success where there is none. */
  delete(name: string): Promise<void>;
}

export interface PutOptions {
  readonly ifAbsent?: boolean;
}

export interface ListOptions {
  /** Only names after this one. */
  readonly after?: string | undefined;
  /** 1 to 1,000, default 1,000. */
  readonly limit?: number;
}

export interface ListedObject {
  readonly name: string;
  readonly bytes: number;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** Where the next page goes on (`after`); undefined at the end. */
  readonly next: string | undefined;
}

/** One object is held in memory by who writes and who reads it. */
export const OBJECT_BYTES_MAX = 64 << 20;
export const LIST_LIMIT_MAX = 1_000;

const NAME_MAX = 512;
const PART = /^[A-Za-z0-9_][A-Za-z0-9_.=-]{0,199}$/;
const PREFIX = /^[A-Za-z0-9_.=/-]*$/;

/** Parts of letters, digits and `_ . = -`, joined by `/`; a part begins with a letter, a digit or `_`. */
export function isObjectName(name: string): boolean {
  return name.length <= NAME_MAX && name.split('/').every((part) => PART.test(part));
}

/** Throws RangeError. */
export function requireName(name: string): void {
  if (!isObjectName(name))
    throw new RangeError(
      `found the object name ${JSON.stringify(name)}, allowed are parts of letters, digits and _ . = - joined by /, ` +
        `${String(NAME_MAX)} characters at most: choose another name`,
    );
}

/** Throws RangeError. */
export function requireBytes(name: string, bytes: Uint8Array): void {
  if (bytes.length > OBJECT_BYTES_MAX)
    throw new RangeError(
      `the object ${name} has ${String(bytes.length)} bytes, allowed are ${String(OBJECT_BYTES_MAX)}: write it in parts`,
    );
}

/** Throws RangeError. */
export function requireRange(name: string, start: number, end: number): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end <= start)
    throw new RangeError(`found the range ${String(start)} to ${String(end)} of ${name}, allowed is 0 <= start < end`);
}

/** The page asked for, checked. Throws RangeError. */
export function listing(prefix: string, { after = '', limit = LIST_LIMIT_MAX }: ListOptions): { after: string; limit: number } {
  if (!PREFIX.test(prefix) || prefix.length > NAME_MAX || prefix.split('/').some((part) => part.startsWith('.')))
    throw new RangeError(`found the prefix ${JSON.stringify(prefix)}, allowed is the beginning of an object name`);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIST_LIMIT_MAX)
    throw new RangeError(`found a page of ${String(limit)} names, allowed is 1 to ${String(LIST_LIMIT_MAX)}`);
  return { after, limit };
}

/** All names of a prefix, page after page. */
export async function* listAll(store: ObjectStore, prefix: string, after?: string): AsyncIterable<ListedObject> {
  for (let from = after; ;) {
    const { objects, next } = await store.list(prefix, { after: from });
    yield* objects;
    if (next === undefined) return;
    from = next;
  }
}
