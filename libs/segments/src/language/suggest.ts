// "Did you mean": the nearest allowed word, by the words of other systems first, then by edit distance.

/** Words of other languages and systems for ours. */
const SYNONYMS: Readonly<Record<string, string>> = {
  and: 'all',
  allof: 'all',
  or: 'any',
  anyof: 'any',
  none: 'not',
  noneof: 'not',
  filter: 'where',
  filters: 'where',
  properties: 'where',
  window: 'within',
  last: 'within',
  lookback: 'within',
  days: 'within',
  for: 'within',
  from: 'since',
  after: 'since',
  times: 'count',
  total: 'sum',
  avg: 'mean',
  average: 'mean',
  minimum: 'min',
  maximum: 'max',
  unique: 'distinct',
  field: 'of',
  property: 'of',
  path: 'of',
  equals: 'eq',
  equal: 'eq',
  is: 'eq',
  '=': 'eq',
  '==': 'eq',
  notequals: 'ne',
  neq: 'ne',
  '!=': 'ne',
  '<>': 'ne',
  notin: 'nin',
  oneof: 'in',
  '>': 'gt',
  '>=': 'gte',
  ge: 'gte',
  atleast: 'gte',
  '<': 'lt',
  '<=': 'lte',
  le: 'lte',
  atmost: 'lte',
  range: 'between',
  present: 'exists',
  isset: 'exists',
  includes: 'contains',
  regex: 'matches',
  regexp: 'matches',
  match: 'matches',
  like: 'contains',
  prefix: 'startsWith',
  suffix: 'endsWith',
  steps: 'sequence',
  funnel: 'sequence',
  condition: 'when',
  conditions: 'when',
  rule: 'when',
  dwell: 'stability',
  default: 'fallback',
  normalise: 'normalize',
};

/** Share of its letters that a word may have wrong and still be known. */
const WRONG_SHARE_MAX = 0.4;

/** The allowed word that was most likely meant; undefined where nothing is near. */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  const plain = word.toLowerCase();
  const folded = plain.replace(/[_\s-]/g, '');
  const same = allowed.find((candidate) => candidate.toLowerCase() === folded);
  if (same !== undefined) return same;
  const synonym = Object.hasOwn(SYNONYMS, folded) ? SYNONYMS[folded] : undefined;
  if (synonym !== undefined && allowed.includes(synonym)) return synonym;
  const longer = plain.length >= 4 ? allowed.find((candidate) => candidate.toLowerCase().startsWith(plain)) : undefined;
  if (longer !== undefined) return longer;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length * WRONG_SHARE_MAX)) + 1;
  for (const candidate of allowed) {
    const distance = editDistance(plain, candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment: insertions, deletions, substitutions, swaps of neighbours. At least `limit` when it is not below. */
export function editDistance(a: string, b: string, limit = Infinity): number {
  if (Math.abs(a.length - b.length) >= limit) return limit;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min((previous[j] as number) + 1, (row[j - 1] as number) + 1, (previous[j - 1] as number) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (before[j - 2] as number) + 1);
      row.push(cost);
    }
    before = previous;
    previous = row;
  }
  return previous[b.length] as number;
}
