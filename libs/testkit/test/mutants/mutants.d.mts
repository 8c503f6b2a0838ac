export interface Mutant {
  readonly name: string;
  /** The rule of the design that it breaks. */
  readonly rule: string;
  /** First seed and number of seeds that are searched; the first thousand where absent. */
  readonly seeds?: readonly [number, number];
  readonly edits: readonly { readonly file: string; readonly find: string; readonly replace: string }[];
}

export const MUTANTS: readonly Mutant[];
