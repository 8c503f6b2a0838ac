// Reads records out of the body of a frame; the mirror of RecordEncoder.
// D1 What is returned shares no memory with the frame.
// D2 A body that RecordEncoder did not write gives an error, never a wrong value without one; the frame's checksum comes first.
import { ENCODING, TAG } from './record-format.js';

export interface DecodedRecord {
  readonly key: string;
  readonly value: unknown;
  readonly headers: unknown;
}

type ReadValue = (texts: string[], place: number) => unknown;
type ReadObject = (texts: string[]) => Record<string, unknown>;

interface FrameShape {
  readonly read: ReadObject;
  /** The string last read at each field. */
  readonly texts: string[];
}

/** Readers compiled per key list, kept over frames so that equal records get one hidden class; more are read in a loop. */
const COMPILED_MAX = 1024;
const COMPILED_KEYS_MAX = 64;

export class RecordDecoder {
  private source: Buffer = Buffer.alloc(0);
  private view: DataView = new DataView(this.source.buffer);
  private at = 0;
  private textsAt = 0;
  private text = '';
  private textAt = 0;
  private shapes: FrameShape[] = [];
  private readonly compiled = new Map<string, ReadObject>();
  private readonly value: ReadValue = (texts, place) => this.read(texts, place);

  /** Calls `each` with the records of a body in their order. */
  decode(structures: Buffer, texts: Buffer, count: number, each: (index: number, record: DecodedRecord) => void): void {
    if (texts.buffer !== structures.buffer) throw new RangeError('frame: structures and texts stand in one buffer');
    this.source = Buffer.from(structures.buffer, structures.byteOffset, texts.byteOffset + texts.length - structures.byteOffset);
    this.view = new DataView(structures.buffer, structures.byteOffset, this.source.length);
    this.at = 0;
    this.textsAt = structures.length;
    this.shapes = [];
    const roots = ['', '', ''];
    for (let index = 0; index < count; index++) {
      this.readText();
      const key = this.read(roots, 0) as string;
      const value = this.read(roots, 1);
      each(index, { key, value, headers: this.read(roots, 2) });
    }
    if (this.at !== structures.length) throw new RangeError('frame: the records do not fill it');
  }

  private readText(): void {
    const encoding = this.source[this.at];
    const units = this.view.getUint16(this.at + 1);
    this.at += 3;
    this.textAt = 0;
    const start = this.textsAt;
    if (encoding === ENCODING.ascii) {
      this.textsAt = start + units;
      this.text = this.source.toString('latin1', start, this.textsAt);
      return;
    }
    this.textsAt = start + 4 + this.view.getUint32(start);
    this.text = this.slice(encoding, start + 4, this.textsAt);
  }

  private slice(encoding: number | undefined, start: number, end: number): string {
    if (end > this.source.length) throw new RangeError('frame: it ends too early');
    if (encoding === ENCODING.utf8) return this.source.toString('utf8', start, end);
    return encoding === ENCODING.utf16 ? this.source.toString('utf16le', start, end) : this.source.toString('latin1', start, end);
  }

  private read(texts: string[], place: number): unknown {
    const tag = this.source[this.at++] as number;
    if (tag < TAG.smallText) return tag;
    if (tag < TAG.smallShape) return (texts[place] = this.string(tag & 0x3f));
    if (tag < TAG.null) return this.object(tag & 0x3f);
    switch (tag) {
      case TAG.null:
        return null;
      case TAG.undefined:
        return undefined;
      case TAG.false:
        return false;
      case TAG.true:
        return true;
      case TAG.sameText:
        return texts[place];
      case TAG.uint8:
        return this.source[this.at++];
      case TAG.uint16:
        this.at += 2;
        return this.view.getUint16(this.at - 2);
      case TAG.uint32:
        return this.uint32();
      case TAG.int32:
        this.at += 4;
        return this.view.getInt32(this.at - 4);
      case TAG.double:
        this.at += 8;
        return this.view.getFloat64(this.at - 8);
      case TAG.text:
        return (texts[place] = this.string(this.source[this.at++] as number));
      default:
        return this.readRare(tag, texts, place);
    }
  }

  private readRare(tag: number, texts: string[], place: number): unknown {
    switch (tag) {
      case TAG.longText:
        return this.standalone();
      case TAG.array:
        return this.array(this.source[this.at++] as number, texts, place);
      case TAG.longArray:
        return this.array(this.uint32(), texts, place);
      case TAG.bytes:
        return new Uint8Array(this.bytes());
      case TAG.buffer:
        return Buffer.from(this.bytes());
      case TAG.shape:
        return this.object(this.uint32());
      case TAG.newShape:
        return this.object(this.defineShape());
      default:
        throw new RangeError(`frame: unknown tag ${String(tag)}`);
    }
  }

  private string(units: number): string {
    const start = this.textAt;
    this.textAt = start + units;
    if (this.textAt > this.text.length) throw new RangeError('frame: a text ends too early');
    return this.text.slice(start, this.textAt);
  }

  private object(number: number): Record<string, unknown> {
    const shape = this.shapes[number];
    if (shape === undefined) throw new RangeError(`frame: unknown shape ${String(number)}`);
    return shape.read(shape.texts);
  }

  private array(length: number, texts: string[], place: number): unknown[] {
    const array: unknown[] = [];
    for (let i = 0; i < length; i++) array.push(this.read(texts, place));
    return array;
  }

  private bytes(): Buffer {
    const length = this.uint32();
    if (this.at + length > this.source.length) throw new RangeError('frame: it ends too early');
    this.at += length;
    return this.source.subarray(this.at - length, this.at);
  }

  private standalone(): string {
    const encoding = this.source[this.at++];
    const length = this.uint32();
    this.at += length;
    return this.slice(encoding, this.at - length, this.at);
  }

  private uint32(): number {
    this.at += 4;
    return this.view.getUint32(this.at - 4);
  }

  private defineShape(): number {
    const keys = Array.from({ length: this.uint32() }, () => this.standalone());
    this.shapes.push({ read: this.readerOf(keys), texts: new Array<string>(keys.length).fill('') });
    return this.shapes.length - 1;
  }

  private readerOf(keys: readonly string[]): ReadObject {
    const signature = JSON.stringify(keys);
    const known = this.compiled.get(signature);
    if (known !== undefined) return known;
    const compilable = keys.length <= COMPILED_KEYS_MAX && this.compiled.size < COMPILED_MAX;
    if (!compilable) return (texts) => this.readByKeys(keys, texts);
    const read = compile(keys, this.value);
    this.compiled.set(signature, read);
    return read;
  }

  private readByKeys(keys: readonly string[], texts: string[]): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    keys.forEach((key, place) => {
      const value = this.read(texts, place);
      if (key === '__proto__')
        Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
      else object[key] = value;
    });
    return object;
  }
}

/** An object literal with these keys, in their order; `__proto__` as a computed name, which makes it a property like any other. */
function compile(keys: readonly string[], value: ReadValue): ReadObject {
  const fields = keys.map((key, place) => {
    const name = JSON.stringify(key);
    return `${key === '__proto__' ? `[${name}]` : name}: value(texts, ${String(place)})`;
  });
  // Names are JSON strings: nothing else of the data is in the text.
  const create = new Function('value', `return (texts) => ({ ${fields.join(', ')} });`) as (value: ReadValue) => ReadObject;
  return create(value);
}
