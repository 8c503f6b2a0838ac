// What fragments tell of slots: numbers in packed arrays, everything else as it came.
// N1 A partial that is a few numbers (count, min, max, sum, mean) is held in the columns of its slot, one array of doubles per
//    fragment: a profile is then a handful of heap objects however many slots its set has, and an update makes none.
// N2 Any other partial is held as it came, by the id of its slot: trails, texts, sums beyond the safe integers, slots that the set
//    in force does not have.
// N3 Where a partial is held follows from the layout and the partial alone: equal values are held alike whatever their history.
// N4 Beside the parts of a partial stands the value that conditions compare, worked out once when it is stored.
import type { Reader, Writer } from '@tessera/codec';
import type { CountPartial, ExtremePartial, Partial_, Scalar, Slot, SumPartial } from '@tessera/features';

/** How the partials of a slot are held; `OTHER` ones never in columns. */
export const OTHER = 0;
export const COUNT = 1;
export const NUMBER = 2;
export const SUM = 3;
export type Form = typeof OTHER | typeof COUNT | typeof NUMBER | typeof SUM;

/** Columns of a slot, from its place on: state, next change without an event (Infinity for none), value (NaN for none). */
const UNTIL = 1;
const VALUE = 2;
/** Of a sum and a mean also: number of values, and the exact sum as mantissa * 10^-scale. */
const VALUES = 3;
const MANTISSA = 4;
const SCALE = 5;
const WIDTHS = [0, 3, 3, 6] as const;

/** States of a slot. */
export const ABSENT = 0;
export const EXACT = 1;
export const APPROXIMATE = 2;
/** There is a partial, but not in the columns (N2). */
const ELSEWHERE = 3;

export interface SlotPlace {
  readonly id: string;
  readonly form: Form;
  /** First of its columns. */
  readonly at: number;
  /** The value of its partial; undefined for a trail, and in the layout of stored bytes. */
  readonly read: ((partial: Partial_ | undefined) => Scalar) | undefined;
}

/** Where the slots of one set stand. */
export interface Layout {
  /** Slots that have columns, ascending by id. */
  readonly packed: readonly SlotPlace[];
  /** All slots by id. */
  readonly places: ReadonlyMap<string, SlotPlace>;
  /** The columns of a fragment that has told nothing. */
  readonly blank: readonly number[];
}

/** What is known of the slots: by one fragment, or by the merge of several. */
export interface SlotValues {
  numbers: number[];
  others: Map<string, Partial_> | undefined;
}

export function formOf(slot: Slot): Form {
  if (slot.kind === 'trail') return OTHER;
  switch (slot.aggregate) {
    case 'count':
      return COUNT;
    case 'min':
    case 'max':
      return NUMBER;
    case 'sum':
    case 'mean':
      return SUM;
    default:
      return OTHER;
  }
}

export function widthOf(form: Form): number {
  return WIDTHS[form];
}

/** The places that `places` name; a layout is made once per set, and shared by its profiles. */
export function layoutOf(places: ReadonlyMap<string, SlotPlace>): Layout {
  const packed = [...places.values()].filter(({ form }) => form !== OTHER).sort((a, b) => (a.id < b.id ? -1 : 1));
  const blank: number[] = [];
  for (const { at, form, read } of packed) {
    const none = read?.(undefined);
    for (let column = 0; column < WIDTHS[form]; column++) blank[at + column] = 0;
    blank[at + UNTIL] = Infinity;
    blank[at + VALUE] = typeof none === 'number' ? none : NaN;
  }
  return { packed, places, blank };
}

export const NO_LAYOUT: Layout = layoutOf(new Map());
/** What values were last put into: as a rule stored bytes are of the same set, and are read straight into its columns. */
let lastLayout = NO_LAYOUT;

/** The layout of stored slots, ascending by id: that of a set in use where it has all of them, which then stand in `slots`. */
export function layoutOfStored(slots: SlotPlace[]): Layout {
  const { packed } = lastLayout;
  let next = 0;
  for (const { id, form } of slots) {
    while (next < packed.length && (packed[next] as SlotPlace).id !== id) next++;
    if (packed[next]?.form !== form) return layoutOf(new Map(slots.map((place) => [place.id, place])));
  }
  next = 0;
  for (let i = 0; i < slots.length; i++) {
    const { id } = slots[i] as SlotPlace;
    while ((packed[next] as SlotPlace).id !== id) next++;
    slots[i] = packed[next] as SlotPlace;
  }
  return lastLayout;
}

/** The value that conditions compare, where the slot has columns. */
export function valueAt({ numbers }: SlotValues, at: number): number | undefined {
  const value = numbers[at + VALUE] as number;
  return Number.isNaN(value) ? undefined : value;
}

/** The partial of a slot; undefined over no events. Made anew where it is held in columns. */
export function partialIn(layout: Layout, values: SlotValues, slotId: string): Partial_ | undefined {
  const place = layout.places.get(slotId);
  return (place === undefined ? undefined : unpack(values.numbers, place)) ?? values.others?.get(slotId);
}

/** Stores the partial of a slot of the layout, or of one that the layout does not have (`place` undefined). */
export function putPartial(
  values: SlotValues,
  place: SlotPlace | undefined,
  slotId: string,
  partial: Partial_ | undefined,
): void {
  if (place === undefined || place.form === OTHER) {
    putOther(values, slotId, partial);
    return;
  }
  const { numbers } = values;
  const { at } = place;
  const wasElsewhere = numbers[at] === ELSEWHERE;
  const value = place.read?.(partial);
  numbers[at + VALUE] = typeof value === 'number' ? value : NaN;
  if (partial === undefined) numbers[at] = ABSENT;
  else if (pack(numbers, place, partial)) {
    numbers[at] = partial.a === true ? APPROXIMATE : EXACT;
    numbers[at + UNTIL] = partial.u ?? Infinity;
  } else {
    numbers[at] = ELSEWHERE;
    putOther(values, slotId, partial);
    return;
  }
  if (wasElsewhere) putOther(values, slotId, undefined);
}

/** Puts the values into the columns of another layout. */
export function relay(values: SlotValues, from: Layout, to: Layout): void {
  const { numbers, others } = values;
  lastLayout = to;
  if (from !== to) {
    values.numbers = to.blank.slice();
    for (const place of from.packed) {
      const partial = unpack(numbers, place);
      if (partial !== undefined) putPartial(values, to.places.get(place.id), place.id, partial);
    }
  }
  if (others === undefined) return;
  // Also what was read into these columns: its own set may not have had a column for all that this one has.
  values.others = undefined;
  for (const [id, partial] of others) putPartial(values, to.places.get(id), id, partial);
}

/** Forgets everything. */
export function clearValues(values: SlotValues, layout: Layout): void {
  values.numbers = layout.blank.slice();
  values.others = undefined;
}

/** Calls back with the id of each slot that has a partial. */
export function forEachSlot(layout: Layout, { numbers, others }: SlotValues, visit: (slotId: string) => void): void {
  for (const { id, at } of layout.packed) if (isHeld(numbers, at)) visit(id);
  if (others !== undefined) for (const id of others.keys()) visit(id);
}

/** Writes the columns of a slot that is not `OTHER`. */
export function writeColumns(writer: Writer, numbers: readonly number[], { form, at }: SlotPlace): void {
  const state = numbers[at] as number;
  if (state !== EXACT && state !== APPROXIMATE) {
    writer.byte(ABSENT);
    return;
  }
  writer.byte(state);
  writer.time(numbers[at + UNTIL] as number);
  if (form === COUNT) writer.uint(numbers[at + VALUE] as number);
  else if (form === NUMBER) writer.json(numbers[at + VALUE]);
  else {
    writer.json(numbers[at + MANTISSA]);
    writer.uint(numbers[at + SCALE] as number);
    writer.uint(numbers[at + VALUES] as number);
  }
}

/** Reads into blank columns; in a layout of stored slots a sum has no value yet. */
export function readColumns(reader: Reader, numbers: number[], { form, at, read }: SlotPlace): void {
  const state = reader.byte();
  if (state === ABSENT) return;
  numbers[at] = state;
  numbers[at + UNTIL] = reader.time();
  if (form === COUNT) numbers[at + VALUE] = reader.uint();
  else if (form === NUMBER) numbers[at + VALUE] = reader.json() as number;
  else {
    numbers[at + MANTISSA] = reader.json() as number;
    numbers[at + SCALE] = reader.uint();
    numbers[at + VALUES] = reader.uint();
    const value = read?.(partsOf(numbers, form, at));
    if (typeof value === 'number') numbers[at + VALUE] = value;
  }
}

/** True where a partial is in the columns. */
export function isHeld(numbers: readonly number[], at: number): boolean {
  return numbers[at] === EXACT || numbers[at] === APPROXIMATE;
}

/** The partial in the columns of a slot; undefined where none is in them. Keys in the order of the kinds of libs/features. */
function unpack(numbers: readonly number[], { form, at }: SlotPlace): Partial_ | undefined {
  if (form === OTHER || !isHeld(numbers, at)) return undefined;
  const partial = partsOf(numbers, form, at);
  if (numbers[at] === APPROXIMATE) partial.a = true;
  if (numbers[at + UNTIL] !== Infinity) partial.u = numbers[at + UNTIL] as number;
  return partial;
}

type Mutable<P> = { -readonly [K in keyof P]: P[K] };

function partsOf(numbers: readonly number[], form: Form, at: number): Mutable<CountPartial | ExtremePartial | SumPartial> {
  if (form === COUNT) return { n: numbers[at + VALUE] as number };
  if (form === NUMBER) return { v: numbers[at + VALUE] as number };
  return { s: [numbers[at + MANTISSA] as number, numbers[at + SCALE] as number], n: numbers[at + VALUES] as number };
}

/** Puts the parts of a partial into its columns, but those that are its value; false where they are more than columns hold. */
function pack(numbers: number[], { form, at }: SlotPlace, partial: Partial_): boolean {
  if (form === COUNT) {
    return isCount((partial as CountPartial).n);
  }
  if (form === NUMBER) {
    return typeof (partial as ExtremePartial).v === 'number';
  }
  const { s, n } = partial as SumPartial;
  const mantissa = s[0];
  const scale = s[1];
  if (typeof mantissa !== 'number' || !isCount(n) || !isCount(scale)) return false;
  numbers[at + VALUES] = n;
  numbers[at + MANTISSA] = mantissa;
  numbers[at + SCALE] = scale;
  return true;
}

function isCount(n: number): boolean {
  return n >= 0 && Number.isSafeInteger(n);
}

function putOther(values: SlotValues, slotId: string, partial: Partial_ | undefined): void {
  if (partial !== undefined) (values.others ??= new Map()).set(slotId, partial);
  else if (values.others?.delete(slotId) === true && values.others.size === 0) values.others = undefined;
}
