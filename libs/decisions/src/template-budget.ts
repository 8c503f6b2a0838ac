// What one payload may spend on its templates, all its strings together: a hostile template or a hostile trait ends in an error.
// B1 Work, memory and output are counted, not timed, so that the same payload with the same values gives the same answer on
//    every machine. Liquid's own `templateLimit` is declared but not implemented in 10.30.1, hence the count here.
// B2 The time limit is the last line only, far above what a counted budget can buy; Liquid reads the clock and passes it in.
// B3 An array counts with everything in it, once per place in which it stands: nesting an array in itself thirty times costs
//    thirty cells of memory but a billion when it is written out or compared.

/** Tags, texts and outputs rendered. */
const STEPS_MAX = 5_000;
/** Characters and array cells made by filters, captures and output. */
const UNITS_MAX = 256 * 1024;
const RENDER_MS_MAX = 250;
/** Longest text that is searched for: V8's search is text x pattern at worst. */
export const PATTERN_MAX = 256;

export class TemplateBudget {
  private steps = 0;
  private units = 0;
  private startMs = -1;

  /** @param nowMs what `'now' | date` shows */
  constructor(readonly nowMs: number) {}

  /** Liquid's memory limiter. */
  use(units: number): void {
    if (!(units > 0)) return;
    this.units += units;
    if (this.units > UNITS_MAX) throw new Error(`more than ${String(UNITS_MAX)} characters and array cells`);
  }

  /** Liquid's render limiter: called at every step with the time. */
  check(timeMs: number): void {
    if (++this.steps > STEPS_MAX) throw new Error(`more than ${String(STEPS_MAX)} steps`);
    if (this.startMs < 0) this.startMs = timeMs;
    else if (timeMs - this.startMs > RENDER_MS_MAX) throw new Error(`more than ${String(RENDER_MS_MAX)} ms`);
  }

  /** Charges a value with all that stands in it. */
  charge(value: unknown): void {
    if (typeof value === 'string') this.use(value.length);
    else if (Array.isArray(value)) {
      this.use(value.length);
      for (const element of value) if (typeof element === 'string' || Array.isArray(element)) this.charge(element);
    }
  }

  /** Charges a search of `pattern` in `text`. */
  chargeSearch(text: unknown, pattern: unknown): void {
    this.charge(text);
    if (typeof pattern === 'string' && pattern.length > PATTERN_MAX) {
      throw new Error(`a text of more than ${String(PATTERN_MAX)} characters cannot be searched for`);
    }
  }
}
