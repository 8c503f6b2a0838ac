// Reader of the canonical codec; the mirror of Writer.
// C3 Bytes that were not written by Writer give an error, never a wrong value without one.
import { TAG } from './writer.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

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
    if (this.at >= this.data.length) throw new RangeError('canonical codec: the bytes end too early');
    return this.data[this.at++] as number;
  }

  bool(): boolean {
    return this.byte() === 1;
  }

  uint(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 128;
    }
  }

  int(): number {
    const value = this.uint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  double(): number {
    this.need(8);
    const value = this.view.getFloat64(this.at);
    this.at += 8;
    return value;
  }

  time(): number {
    const value = this.uint();
    if (value === 0) return Infinity;
    return value === 1 ? this.int() : value - 2;
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
        return -this.uint();
      case TAG.double:
        return this.double();
      case TAG.string:
        return this.string();
      case TAG.array:
        return Array.from({ length: this.uint() }, () => this.json());
      case TAG.object:
        return this.object();
      default:
        throw new RangeError(`canonical codec: unknown tag ${String(tag)}`);
    }
  }

  private object(): Record<string, unknown> {
    const value: Record<string, unknown> = {};
    for (let left = this.uint(); left > 0; left--) {
      const key = this.string();
      Object.defineProperty(value, key, { value: this.json(), enumerable: true, writable: true, configurable: true });
    }
    return value;
  }

  private need(bytes: number): void {
    if (this.at + bytes > this.data.length) throw new RangeError('canonical codec: the bytes end too early');
  }
}
