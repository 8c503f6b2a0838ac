// Placeholders: values that stand where an identifier should be and name nobody. One such value shared by a thousand
// visitors is the commonest way to merge a thousand people, so these are blocked unless the rules say `defaults: false`.
// H1 Each pattern is anchored, or a plain alternative, and has no nested repetition: matching is linear.

const WORDS = new Set([
  'null',
  'undefined',
  'none',
  'nil',
  'nan',
  'na',
  'n/a',
  'n.a.',
  'true',
  'false',
  'anonymous',
  'anon',
  'guest',
  'unknown',
  'not set',
  '(not set)',
  'not_set',
  'default',
  'user',
  'userid',
  'user_id',
  'user id',
  'id',
  'test',
  'tester',
  'testing',
  'test user',
  'email',
  '[object object]',
  '[object undefined]',
  '-1',
  '-',
  '--',
  '.',
  '?',
  'x',
  'xx',
  'xxx',
]);

const WORD_LENGTH_MAX = Math.max(...[...WORDS].map((word) => word.length));

const PATTERNS: readonly RegExp[] = [
  /^[0-]*0[0-]*$/, // 0, 000, 00000000-0000-0000-0000-000000000000
  /^f{8}-f{4}-f{4}-f{4}-f{12}$/,
  /^(?:user|anonymous|anon|id|uid|visitor|customer)[_:-](?:null|undefined|nan|none|nil)$/,
  /^(?:\{\{|\$\{|<%|%%|\[\[)/, // a template that was never filled in
];

const ADDRESS_PATTERNS: readonly RegExp[] = [
  /^(?:no-?reply|do-?not-?reply|donotreply|null|undefined|none|anonymous|unknown)@/,
  /^(?:test|tester|example|user|name|email|mail|a|abc|asdf|foo|x)@(?:test|example|email|mail|domain|a|b|abc|asdf|foo|bar|x)\.(?:com|org|net|test|de|local)$/,
  /@(?:test\.test|localhost|invalid|none\.com|noemail\.com)$/,
];

/** Only for telephone numbers: a customer may well have the number 1111111 or 1234567. */
const PHONE_PATTERNS: readonly RegExp[] = [/^\+?\d{0,4}(\d)\1{6,14}$/, /^\+?0?1234567(?:8(?:90?)?)?$/];

/** True for what names nobody. The value is normalised already. */
export function isPlaceholder(value: string, phone: boolean): boolean {
  const lower = value.toLowerCase().trim();
  if (lower.length <= WORD_LENGTH_MAX && WORDS.has(lower)) return true;
  if (matches(PATTERNS, lower)) return true;
  if (lower.includes('@') && matches(ADDRESS_PATTERNS, lower)) return true;
  return phone && matches(PHONE_PATTERNS, lower);
}

function matches(patterns: readonly RegExp[], text: string): boolean {
  for (const pattern of patterns) if (pattern.test(text)) return true;
  return false;
}
