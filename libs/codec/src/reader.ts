// Reader of the canonical codec; the mirror of Writer.
// C3 Bytes that Writer would not write for the value they give (too few, a longer form of an integer, keys out of order) are an
//    error: what is read can always be written again to the same bytes.
import { isShortInteger, TAG } from './writer.js';

// ignoreBOM: without it a text that begins with U+FEFF would lose it.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** Weight of the eighth and last byte of an integer. */
const LAST_FACTOR = 2 ** 49;
const NAN_BITS = 0x7ff80000_00000000n;

export class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly data: Uint8Array) {
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get atEnd(): boolean {
    return this.at >= this.data.length;
  }

  byte(): number {
    if (this.at >= this.data.length) throw malformed('the bytes end too early');
    return this.data[this.at++] as number;
  }

  bool(): boolean {
    const byte = this.byte();
    if (byte > 1) throw malformed(`${String(byte)} is neither true nor false`);
    return byte === 1;
  }

  uint(): number {
    let byte = this.byte();
    let value = byte & 0x7f;
    for (let factor = 128; byte > 0x7f; factor *= 128) {
      if (factor > LAST_FACTOR) throw malformed('an integer of more than eight bytes');
      byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte === 0) throw malformed('an integer that is not in its shortest form');
    }
    if (value > Number.MAX_SAFE_INTEGER) throw malformed('an integer above 2^53 - 1');
    return value;
  }

  int(): number {
    const value = this.uint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  double(): number {
    this.need(8);
    const value = this.view.getFloat64(this.at);
    if (Number.isNaN(value) && this.view.getBigUint64(this.at) !== NAN_BITS) throw malformed('another form of NaN');
    this.at += 8;
    return value;
  }

  time(): number {
    const value = this.uint();
    if (value === 0) return Infinity;
    if (value > 1) return value - 2;
    const before = this.int();
    if (before >= 0) throw malformed('a time after the epoch in the form of one before it');
    return before;
  }

  string(): string {
    const length = this.uint();
    this.need(length);
    const end = this.at + length;
    let text = '';
    if (length < 40) {
      let i = this.at;
      for (; i < end; i++) {
        const byte = this.data[i] as number;
        if (byte > 0x7f) break;
        text += String.fromCharCode(byte);
      }
      if (i < end) text = decoder.decode(this.data.subarray(this.at, end));
    } else text = decoder.decode(this.data.subarray(this.at, end));
    this.at = end;
    return text;
  }

  optionalString(): string | undefined {
    return this.bool() ? this.string() : undefined;
  }

  bytes(): Uint8Array {
    const length = this.uint();
    this.need(length);
    const bytes = this.data.slice(this.at, this.at + length);
    this.at += length;
    return bytes;
  }

  json(): unknown {
    const tag = this.byte();
    switch (tag) {
      case TAG.null:
        return null;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.integer:
        return this.uint();
      case TAG.negative:
        return this.negative();
      case TAG.double:
        return this.fractional();
      case TAG.string:
        return this.string();
      case TAG.array:
        return this.array();
      case TAG.object:
        return this.object();
      default:
        throw malformed(`unknown tag ${String(tag)}`);
    }
  }

  private negative(): number {
    const value = this.uint();
    if (value === 0) throw malformed('a negative zero in the form of an integer');
    return -value;
  }

  private fractional(): number {
    const value = this.double();
    if (isShortInteger(value)) throw malformed('an integer that is not in its shortest form');
    return value;
  }

  private array(): unknown[] {
    const values: unknown[] = [];
    for (let left = this.count(); left > 0; left--) values.push(this.json());
    return values;
  }

  private object(): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    let previous: string | undefined;
    for (let left = this.count(); left > 0; left--) {
      const key = this.string();
      if (previous !== undefined && key <= previous) throw malformed('keys out of order');
      previous = key;
      // An assignment would set the prototype.
      if (key === '__proto__')
        Object.defineProperty(value, key, { value: this.json(), enumerable: true, writable: true, configurable: true });
      else value[key] = this.json();
    }
    return value;
  }

  // Each element takes a byte at least: a count beyond the bytes is noticed before anything is made of it.
  private count(): number {
    const count = this.uint();
    this.need(count);
    return count;
  }

  private need(bytes: number): void {
    if (this.at + bytes > this.data.length) throw malformed('the bytes end too early');
  }
}

function malformed(what: string): RangeError {
  return new RangeError(`canonical codec: ${what}`);
}
