// Writes records into the body of a frame. Objects of one kind have the same keys nearly always, so each place (root, field of a
// shape) remembers the shape and the string it saw last: the usual record costs no look-up, and a repeated string one byte.
// Measured: 18-field events (210 bytes) 1.2 us, 10-field events 0.6 us; msgpackr 2.3 and 1.1, and it changes -0 and some names and strings.
// E1 Follows record-format.ts (F1, F2); equal records may give different bytes in another process, and always decode equal.
// E2 A value that a record cannot hold (function, symbol, bigint, class instance) is a TypeError; nothing is silently changed.
import { ENCODING, RECORD_TEXT_UNITS_MAX, TAG, TEXT_UNITS_MAX } from './record-format.js';

export interface EncodableRecord {
  readonly key: string;
  readonly value: unknown;
  readonly headers?: unknown;
}

export interface EncodedBody {
  readonly structures: Buffer;
  readonly texts: Buffer;
}

/** A place where values stand: what was seen there last, for the guess. */
class Place {
  text = '';
  textFrame = -1;
  shape: Shape | undefined;
  otherShape: Shape | undefined;
}

class Shape {
  readonly places: readonly Place[];
  frame = -1;
  number = 0;

  constructor(readonly keys: readonly string[]) {
    this.places = keys.map(() => new Place());
  }
}

/** Shapes remembered; then all are forgotten. A map with a key per person would fill it: such objects are not remembered. */
const SHAPES_MAX = 1024;
const REMEMBERED_KEYS_MAX = 64;
const SPARE_BYTES = 64;
const KEY_SEPARATOR = '\u0000';

export class RecordEncoder {
  private structures = Buffer.allocUnsafeSlow(1 << 18);
  private view = new DataView(this.structures.buffer);
  private at = 0;
  private texts = Buffer.allocUnsafeSlow(1 << 18);
  private textsAt = 0;
  /** Where the present record's text begins. */
  private textStart = 0;
  /** The present record's text once it is known not to be ASCII; until then it stands in `texts`. */
  private wideText: string | undefined;
  private frame = 0;
  private shapesInFrame = 0;
  private readonly shapes = new Map<string, Shape>();
  private readonly keyPlace = new Place();
  private readonly valuePlace = new Place();
  private readonly headersPlace = new Place();

  /** The body of a frame with these records; the views are valid until the next call. */
  encode(records: readonly EncodableRecord[]): EncodedBody {
    this.frame++;
    this.shapesInFrame = 0;
    this.at = 0;
    this.textsAt = 0;
    for (const record of records) this.record(record);
    return { structures: this.structures.subarray(0, this.at), texts: this.texts.subarray(0, this.textsAt) };
  }

  private record(record: EncodableRecord): void {
    this.room(SPARE_BYTES);
    const start = this.at;
    this.at += 3;
    this.textStart = this.textsAt;
    this.wideText = undefined;
    this.write(record.key, this.keyPlace);
    this.write(record.value, this.valuePlace);
    this.write(record.headers, this.headersPlace);
    const units = this.units();
    this.structures[start] = this.wideText === undefined ? ENCODING.ascii : this.writeWide(this.wideText);
    this.structures[start + 1] = units >>> 8;
    this.structures[start + 2] = units & 0xff;
  }

  /** UTF-16 units of the present record's text. */
  private units(): number {
    return this.wideText === undefined ? this.textsAt - this.textStart : this.wideText.length;
  }

  /** The whole text in place of its ASCII beginning: length and bytes. */
  private writeWide(text: string): number {
    this.textsAt = this.textStart;
    this.textRoom(text.length * 3 + 4);
    const encoding = text.isWellFormed() ? ENCODING.utf8 : ENCODING.utf16;
    const at = this.textsAt + 4;
    const bytes = encoding === ENCODING.utf8 ? this.texts.write(text, at) : this.texts.write(text, at, 'utf16le');
    this.texts.writeUInt32BE(bytes, this.textsAt);
    this.textsAt = at + bytes;
    return encoding;
  }

  private write(value: unknown, place: Place): void {
    if (this.at > this.structures.length - SPARE_BYTES) this.room(SPARE_BYTES);
    // One question after the other: `switch (typeof value)` is a call for every value.
    if (typeof value === 'string') this.string(value, place);
    else if (typeof value === 'number') this.number(value);
    else if (value === undefined) this.structures[this.at++] = TAG.undefined;
    else if (value === null) this.structures[this.at++] = TAG.null;
    else if (value === true) this.structures[this.at++] = TAG.true;
    else if (value === false) this.structures[this.at++] = TAG.false;
    else if (typeof value !== 'object') throw new TypeError(`a record cannot hold a ${typeof value}`);
    else if (Array.isArray(value)) this.array(value, place);
    else if (value instanceof Uint8Array) this.bytes(value);
    else this.object(value as Record<string, unknown>, place);
  }

  private string(value: string, place: Place): void {
    if (place.textFrame === this.frame && place.text === value) {
      this.structures[this.at++] = TAG.sameText;
      return;
    }
    const units = value.length;
    if (units > TEXT_UNITS_MAX || this.units() + units > RECORD_TEXT_UNITS_MAX) {
      this.structures[this.at++] = TAG.longText;
      this.standalone(value);
      return;
    }
    place.text = value;
    place.textFrame = this.frame;
    if (units < 64) this.structures[this.at++] = TAG.smallText | units;
    else {
      this.structures[this.at++] = TAG.text;
      this.structures[this.at++] = units;
    }
    if (this.wideText !== undefined) this.wideText += value;
    else if (!this.ascii(value)) this.wideText = this.texts.toString('latin1', this.textStart, this.textsAt) + value;
  }

  /** Appends to the texts; false, and nothing done, for what is not ASCII. By hand: shorter than a native call for strings like ours. */
  private ascii(value: string): boolean {
    this.textRoom(value.length);
    const texts = this.texts;
    let at = this.textsAt;
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i);
      if (unit > 0x7f) return false;
      texts[at++] = unit;
    }
    this.textsAt = at;
    return true;
  }

  private standalone(value: string): void {
    this.room(value.length * 3 + 5 + SPARE_BYTES);
    const at = this.at + 5;
    let encoding: number = ENCODING.ascii;
    let bytes = this.structures.write(value, at);
    if (bytes !== value.length) {
      encoding = value.isWellFormed() ? ENCODING.utf8 : ENCODING.utf16;
      if (encoding === ENCODING.utf16) bytes = this.structures.write(value, at, 'utf16le');
    }
    this.structures[this.at] = encoding;
    this.view.setUint32(this.at + 1, bytes);
    this.at = at + bytes;
  }

  private number(value: number): void {
    const target = this.structures;
    if (value >>> 0 === value && (value !== 0 || 1 / value > 0)) {
      if (value < 64) target[this.at++] = value;
      else if (value < 0x100) {
        target[this.at++] = TAG.uint8;
        target[this.at++] = value;
      } else if (value < 0x10000) {
        target[this.at++] = TAG.uint16;
        target[this.at++] = value >>> 8;
        target[this.at++] = value & 0xff;
      } else this.wide(TAG.uint32, value);
    } else if ((value | 0) === value && value !== 0) {
      target[this.at++] = TAG.int32;
      this.view.setInt32(this.at, value);
      this.at += 4;
    } else {
      target[this.at++] = TAG.double;
      this.view.setFloat64(this.at, value);
      this.at += 8;
    }
  }

  private array(value: readonly unknown[], place: Place): void {
    if (value.length < 0x100) {
      this.structures[this.at++] = TAG.array;
      this.structures[this.at++] = value.length;
    } else this.wide(TAG.longArray, value.length);
    for (let i = 0; i < value.length; i++) this.write(value[i], place);
  }

  private bytes(value: Uint8Array): void {
    this.room(value.length + 5 + SPARE_BYTES);
    this.wide(Buffer.isBuffer(value) ? TAG.buffer : TAG.bytes, value.length);
    this.structures.set(value, this.at);
    this.at += value.length;
  }

  private object(value: Record<string, unknown>, place: Place): void {
    const shape = this.shapeOf(value, place);
    if (shape.frame === this.frame) {
      if (shape.number < 64) this.structures[this.at++] = TAG.smallShape | shape.number;
      else this.wide(TAG.shape, shape.number);
    } else this.defineShape(shape);
    const places = shape.places;
    let i = 0;
    for (const key in value) this.write(value[key], places[i++] as Place);
  }

  private shapeOf(value: Record<string, unknown>, place: Place): Shape {
    if (!isPlain(value)) throw new TypeError(`a record cannot hold a ${String(value.constructor?.name ?? 'class instance')}`);
    const guess = place.shape;
    if (guess !== undefined) {
      if (hasKeys(value, guess.keys)) return guess;
      const other = place.otherShape;
      if (other !== undefined && hasKeys(value, other.keys)) {
        place.otherShape = guess;
        place.shape = other;
        return other;
      }
    }
    const keys = Object.keys(value);
    if (keys.length > REMEMBERED_KEYS_MAX) return new Shape(keys);
    const signature = keys.join(KEY_SEPARATOR);
    let shape = this.shapes.get(signature);
    if (shape === undefined || !hasKeys(value, shape.keys)) {
      shape = new Shape(keys);
      if (this.shapes.size >= SHAPES_MAX) this.shapes.clear();
      this.shapes.set(signature, shape);
    }
    place.otherShape = guess;
    place.shape = shape;
    return shape;
  }

  private defineShape(shape: Shape): void {
    shape.frame = this.frame;
    shape.number = this.shapesInFrame++;
    this.wide(TAG.newShape, shape.keys.length);
    for (const key of shape.keys) this.standalone(key);
  }

  private wide(tag: number, value: number): void {
    this.structures[this.at++] = tag;
    this.view.setUint32(this.at, value);
    this.at += 4;
  }

  private room(bytes: number): void {
    if (this.at + bytes <= this.structures.length) return;
    const larger = Buffer.allocUnsafeSlow((this.at + bytes) * 2);
    this.structures.copy(larger, 0, 0, this.at);
    this.structures = larger;
    this.view = new DataView(larger.buffer);
  }

  private textRoom(bytes: number): void {
    if (this.textsAt + bytes <= this.texts.length) return;
    const larger = Buffer.allocUnsafeSlow((this.textsAt + bytes) * 2);
    this.texts.copy(larger, 0, 0, this.textsAt);
    this.texts = larger;
  }
}

function hasKeys(value: Record<string, unknown>, keys: readonly string[]): boolean {
  let i = 0;
  for (const key in value) if (keys[i++] !== key) return false;
  return i === keys.length;
}

/** An object literal, one without a prototype, or an object literal of another realm. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}
