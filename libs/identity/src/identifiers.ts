// Identifiers: from what a client sent to the one spelling under which a person is known.
// I1 Normalisation is idempotent: a normalised value is its own normal form.
// I2 What is no usable identifier has a reason; it counts as absent and never as an identity of its own.
// I3 Every check is linear in the length of the value, and values are bounded.

/** Longer ones are no identifiers; keys of the embedded store have room for this many. */
export const IDENTIFIER_LENGTH_MAX = 256;

export const NORMALIZATIONS = ['none', 'trim', 'lower', 'email', 'phone'] as const;
export type Normalization = (typeof NORMALIZATIONS)[number];

export type UnusableReason =
  | 'empty'
  | 'not-text'
  | 'unsafe-number'
  | 'too-long'
  | 'control-characters'
  | 'not-an-email'
  | 'not-a-phone-number'
  | 'placeholder'
  | 'blocked';

export type Normalized =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unusable'; readonly reason: UnusableReason };

const ABSENT: Normalized = { kind: 'absent' };
const CONTROL = /\p{Cc}/u;
/** Nothing to normalise, nothing to refuse: nearly every identifier. Saves the Unicode work, a microsecond a value. */
const PLAIN = /^[\x21-\x7e]+$/;
const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)*$/;
const PHONE = /^\+?\d{7,15}$/;

export function normalizeIdentifier(raw: unknown, how: Normalization): Normalized {
  if (raw === undefined || raw === null) return ABSENT;
  if (typeof raw === 'number') {
    return Number.isSafeInteger(raw) ? normalizeText(String(raw), how) : unusable('unsafe-number');
  }
  return typeof raw === 'string' ? normalizeText(raw, how) : unusable('not-text');
}

function normalizeText(raw: string, how: Normalization): Normalized {
  // Four times the bound leaves room for blanks and punctuation without ever working on a megabyte.
  if (raw.length > 4 * IDENTIFIER_LENGTH_MAX) return unusable('too-long');
  const value = spell(raw, how);
  if (value.length === 0) return unusable('empty');
  if (value.length > IDENTIFIER_LENGTH_MAX) return unusable('too-long');
  // A lone surrogate has no UTF-8 form: two different texts would become one key.
  if (!PLAIN.test(value) && (CONTROL.test(value) || !value.isWellFormed())) return unusable('control-characters');
  if (how === 'email' && !EMAIL.test(value)) return unusable('not-an-email');
  if (how === 'phone' && !PHONE.test(value)) return unusable('not-a-phone-number');
  return { kind: 'value', value };
}

function spell(raw: string, how: Normalization): string {
  switch (how) {
    case 'none':
      return raw;
    case 'trim':
      return raw.trim();
    case 'lower':
    case 'email':
      if (PLAIN.test(raw)) return raw.toLowerCase();
      return raw.isWellFormed() ? raw.normalize('NFKC').toLowerCase().normalize('NFKC').trim() : raw;
    case 'phone':
      // No country is guessed: 030 123456 and +49 30 123456 stay two numbers, which is safe.
      return raw.replace(/[\s().\-/]/g, '').replace(/^00/, '+');
  }
}

function unusable(reason: UnusableReason): Normalized {
  return { kind: 'unusable', reason };
}
