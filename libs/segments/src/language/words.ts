// Conditions and findings in plain English, for explanations.
// W1 A condition says what is asked, a finding what is there; both name the same things by the same words.
import { wordsOf, type Aggregate, type Comparison, type EventSelector } from '@tessera/features';
import { formatDuration, formatInstant } from '@tessera/time';
import type { Verdict } from '../compiled.js';
import type { Node, ValueLeaf } from './evaluate.js';
import type { EventCondition, SequenceCondition, Step, Window } from './model.js';

const MEASURE_WORDS: Readonly<Record<Aggregate, string>> = {
  count: 'the number of',
  sum: 'the sum of',
  min: 'the least',
  max: 'the greatest',
  mean: 'the mean of',
  first: 'the first',
  last: 'the last',
  distinct: 'the number of different',
};

/** The condition of a node. */
export function conditionWords(node: Node): string {
  switch (node.kind) {
    case 'group':
      return `${node.combine} of ${String(node.children.length)} conditions`;
    case 'not':
      return 'not the condition within';
    case 'segment':
      return `in segment ${node.segment}`;
    case 'sequence':
      return sequenceWords(node.condition);
    case 'value':
      return valueCondition(node.leaf);
  }
}

/** What is compared, `trait plan`, and over which events. */
export function subjectWords(leaf: ValueLeaf): string {
  const { condition, test } = leaf;
  if (condition.kind === 'trait') return `trait ${condition.path}`;
  if (condition.kind === 'feature') return `feature ${condition.feature}`;
  const { selector } = condition as EventCondition;
  const events = eventWords(selector);
  return test?.of === undefined ? events : `${MEASURE_WORDS[test.aggregate]} ${test.of} of ${events}`;
}

/** `Product Viewed happened 3 times (at least 3) in 24h`. */
export function findingWords(leaf: ValueLeaf, found: unknown, verdict: Verdict): string {
  const subject = subjectWords(leaf);
  const asked = `(${judged(comparisonWords(leaf), verdict)})`;
  if (leaf.condition.kind !== 'event') return `${subject} is ${shown(found)} ${asked}`;
  const over = windowWords(leaf.condition.window);
  if (leaf.test?.aggregate === 'count') return `${subject} happened ${times(found)} ${asked}${over}`;
  return `${subject} is ${shown(found)} ${asked}${over}`;
}

export function eventWords({ event, where }: EventSelector): string {
  if (where.length === 0) return event;
  return `${event} (${where.map(({ path, comparisons }) => `${path} ${joined(comparisons)}`).join(' and ')})`;
}

export function stepWords(step: Step): string {
  const within =
    step.withinMs === undefined ? '' : `${step.kind === 'absence' ? ' for' : ' within'} ${formatDuration(step.withinMs)}`;
  return `${step.kind === 'absence' ? 'no ' : ''}${eventWords(step.selector)}${within}`;
}

export function windowWords(window: Window): string {
  switch (window.kind) {
    case 'within':
      return ` in ${formatDuration(window.windowMs)}`;
    case 'since':
      return ` since ${formatInstant(window.sinceMs)}`;
    case 'lifetime':
      return '';
  }
}

function valueCondition(leaf: ValueLeaf): string {
  const subject = subjectWords(leaf);
  if (leaf.condition.kind !== 'event') return `${subject} ${joined(leaf.comparisons)}`;
  const over = windowWords(leaf.condition.window);
  if (leaf.test?.aggregate === 'count') return `${subject} happened ${comparisonWords(leaf)} times${over}`;
  return `${subject} ${joined(leaf.comparisons)}${over}`;
}

function sequenceWords({ steps, windowMs }: SequenceCondition): string {
  return `${steps.map(stepWords).join(', then ')}${windowMs === undefined ? '' : `, all in ${formatDuration(windowMs)}`}`;
}

/** `at least 3 and at most 5`; a count that is equal is `exactly 3`. */
function comparisonWords({ comparisons, test }: ValueLeaf): string {
  return comparisons
    .map((comparison) => {
      const words = wordsOf(comparison).replace(/^is /, '');
      return comparison.operator === 'eq' && (test?.aggregate === 'count' || test?.aggregate === 'distinct')
        ? `exactly ${words}`
        : words;
    })
    .join(' and ');
}

function joined(comparisons: readonly Comparison[]): string {
  return comparisons.map(wordsOf).join(' and ');
}

function judged(words: string, verdict: Verdict): string {
  if (verdict === true) return words;
  return verdict === false ? `not ${words}` : `unknown whether ${words}`;
}

function times(found: unknown): string {
  return `${String(found)} ${found === 1 ? 'time' : 'times'}`;
}

function shown(found: unknown): string {
  if (found === undefined || found === null) return 'missing';
  const text = typeof found === 'string' ? `'${found}'` : JSON.stringify(found);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
