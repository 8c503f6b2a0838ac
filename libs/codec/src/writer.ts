// Writer of the canonical codec: varints, strings, doubles and JSON values, in the order the caller gives.
// C1 Equal values give equal bytes in every process: no dictionary, object keys sorted, integers in their shortest form.
//    Text is well-formed Unicode: half of a surrogate pair, which ingestion should not let in, becomes U+FFFD, in keys too.
// C2 The returned bytes are a view of a chunk that is not used again: they stay valid.

/** Chunks grow: a writer that is made for a few bytes costs a few bytes. */
const FIRST_CHUNK_BYTES = 1 << 10;
const CHUNK_BYTES = 1 << 20;
/** Text of one byte per unit is copied by hand while its length takes one byte: cheaper than a call into the encoder. */
const ASCII_BELOW = 128;
const encoder = new TextEncoder();
const doubleBytes = new Uint8Array(8);
const doubleView = new DataView(doubleBytes.buffer);

/** Tags of a JSON value. */
export const TAG = { null: 0, false: 1, true: 2, integer: 3, negative: 4, double: 5, string: 6, array: 7, object: 8 } as const;

/** True for numbers that are written as an integer; -0 is none. */
export function isShortInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

export class Writer {
  private chunk = new Uint8Array(FIRST_CHUNK_BYTES);
  private start = 0;
  private at = 0;

  /** The bytes since the last `take`. */
  take(): Uint8Array {
    const bytes = this.chunk.subarray(this.start, this.at);
    this.start = this.at;
    return bytes;
  }

  byte(value: number): void {
    this.room(1);
    this.chunk[this.at++] = value;
  }

  bool(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  /** Unsigned integer up to 2^53 - 1, LEB128. */
  uint(value: number): void {
    if (!(value >= 0) || !Number.isSafeInteger(value))
      throw new RangeError(`canonical codec: ${String(value)} is no unsigned integer`);
    this.room(8);
    let rest = value;
    while (rest > 0x7fffffff) {
      this.chunk[this.at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 0x7f) {
      this.chunk[this.at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.chunk[this.at++] = rest;
  }

  /** Signed integer within +-(2^52), zigzag. */
  int(value: number): void {
    this.uint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  double(value: number): void {
    this.room(8);
    doubleView.setFloat64(0, Number.isNaN(value) ? NaN : value);
    this.chunk.set(doubleBytes, this.at);
    this.at += 8;
  }

  /** A time in milliseconds, or Infinity for none. */
  time(value: number): void {
    if (value === Infinity) this.uint(0);
    else if (value < 0) {
      this.uint(1);
      this.int(value);
    } else this.uint(value + 2);
  }

  string(text: string): void {
    const length = text.length;
    this.room(length * 3 + 8);
    if (length < ASCII_BELOW && this.ascii(text)) return;
    const bytes = encoder.encode(text);
    this.uint(bytes.length);
    this.room(bytes.length);
    this.chunk.set(bytes, this.at);
    this.at += bytes.length;
  }

  optionalString(text: string | undefined): void {
    this.bool(text !== undefined);
    if (text !== undefined) this.string(text);
  }

  bytes(bytes: Uint8Array): void {
    this.uint(bytes.length);
    this.room(bytes.length);
    this.chunk.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** A JSON value (undefined counts as null); object keys sorted by UTF-16 units. */
  json(value: unknown): void {
    if (value === null || value === undefined) this.byte(TAG.null);
    else if (value === false) this.byte(TAG.false);
    else if (value === true) this.byte(TAG.true);
    else if (typeof value === 'number') this.jsonNumber(value);
    else if (typeof value === 'string') {
      this.byte(TAG.string);
      this.string(value);
    } else if (Array.isArray(value)) {
      this.byte(TAG.array);
      this.uint(value.length);
      for (const element of value) this.json(element);
    } else this.jsonObject(value as Record<string, unknown>);
  }

  private jsonNumber(value: number): void {
    if (isShortInteger(value)) {
      this.byte(value < 0 ? TAG.negative : TAG.integer);
      this.uint(Math.abs(value));
    } else {
      this.byte(TAG.double);
      this.double(value);
    }
  }

  private jsonObject(value: Record<string, unknown>): void {
    const keys = Object.keys(value);
    if (!keys.every(isWellFormed)) return this.jsonObject(withWellFormedKeys(value));
    keys.sort();
    this.byte(TAG.object);
    this.uint(keys.length);
    for (const key of keys) {
      this.string(key);
      this.json(value[key]);
    }
  }

  private ascii(text: string): boolean {
    const at = this.at;
    this.chunk[this.at++] = text.length;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) {
        this.at = at;
        return false;
      }
      this.chunk[this.at++] = unit;
    }
    return true;
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.chunk.length) return;
    const pending = this.chunk.subarray(this.start, this.at);
    const next = new Uint8Array(Math.max(Math.min(CHUNK_BYTES, this.chunk.length * 4), (pending.length + bytes) * 2));
    next.set(pending);
    this.at = pending.length;
    this.start = 0;
    this.chunk = next;
  }
}

function isWellFormed(text: string): boolean {
  return text.isWellFormed();
}

function withWellFormedKeys(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key.toWellFormed(), part]));
}
