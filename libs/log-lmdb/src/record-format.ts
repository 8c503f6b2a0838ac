// The form of records inside a frame: one byte says what follows. Shared by RecordEncoder and RecordDecoder.
// F1 A frame explains itself: every key list (shape) is written out at its first use in the frame.
// F2 Whatever JSON can hold, and undefined, -0, NaN, ill-formed strings, any property name and bytes, is read back as it was
//    written: a reader is sometimes handed the appended object and sometimes its decoded form, and must not be able to tell.
//
// A body is the structures of all records, one after the other, followed by their texts. A record's short strings stand together
// in its text: one native call per record turns it into a string or back, and a kept string pins its record's text, not the frame's.

export const TAG = {
  /** 0x00-0x3f: the integers 0 to 63. */
  smallInteger: 0x00,
  /** 0x40-0x7f: a string of 0 to 63 UTF-16 units, next in the record's text. */
  smallText: 0x40,
  /** 0x80-0xbf: an object of shape 0 to 63. */
  smallShape: 0x80,
  null: 0xc0,
  undefined: 0xc1,
  false: 0xc2,
  true: 0xc3,
  /** The string that was last read at this place. */
  sameText: 0xc4,
  uint8: 0xc5,
  uint16: 0xc6,
  uint32: 0xc7,
  int32: 0xc8,
  double: 0xc9,
  /** uint8 length in UTF-16 units, next in the record's text. */
  text: 0xca,
  /** encoding, uint32 length in bytes, the bytes: a string too long for the text. */
  longText: 0xcb,
  /** uint8 length, elements. */
  array: 0xcc,
  longArray: 0xcd,
  /** uint32 length, bytes. */
  bytes: 0xce,
  buffer: 0xcf,
  /** uint32 number of the shape, values. */
  shape: 0xd0,
  /** uint32 number of keys, keys (each encoding, uint32 length, bytes), values. The shape gets the next number of the frame. */
  newShape: 0xd1,
} as const;

export const ENCODING = { ascii: 0, utf8: 1, utf16: 2 } as const;

/** Longer strings stand alone: they are not remembered, and a slice of the text does not pin them. */
export const TEXT_UNITS_MAX = 255;
/** Units of one record's text: its length is a uint16. */
export const RECORD_TEXT_UNITS_MAX = 0xffff;
