// One English sentence on a membership: what it rests on, and when it can change.
import { formatDuration, formatInstant } from '@tessera/time';
import type { Window } from './model.js';
import { supportOf, type Finding } from './explain.js';
import { eventWords, findingWords, stepWords, subjectWords } from './words.js';

export interface SentenceSubject {
  readonly segment: string;
  /** The membership as it is: stability may hold it back behind the condition. */
  readonly member: boolean;
  readonly unknown: 'exclude' | 'include';
  readonly nowMs: number;
}

const FACTS_MAX = 4;

export function sentenceOf(root: Finding, { segment, member, unknown, nowMs }: SentenceSubject): string {
  const wanted = root.verdict ?? unknown === 'include';
  const standing = member === wanted ? (member ? 'In' : 'Not in') : member ? 'Still in' : 'Not yet in';
  const link = member === wanted ? 'because' : 'although';
  const support = supportOf(root);
  const facts = support.slice(0, FACTS_MAX).map(factOf);
  const more = support.length > FACTS_MAX ? ` and ${String(support.length - FACTS_MAX)} more` : '';
  return `${standing} ${segment} ${link} ${facts.join(' and ')}${more}${changeOf(root, support, nowMs)}.`;
}

function factOf({ node, found, verdict }: Finding): string {
  switch (node.kind) {
    case 'value':
      return findingWords(node.leaf, found, verdict);
    case 'segment':
      return `${verdict === true ? 'in' : 'not in'} segment ${node.segment}`;
    case 'sequence':
      return sequenceFact(node.condition.steps.map(stepWords), found as { readonly at: readonly string[] });
    default:
      return '';
  }
}

function sequenceFact(steps: readonly string[], { at }: { readonly at: readonly string[] }): string {
  const past = at.map((moment, index) => `${steps[index] as string} (${moment})`).join(', then ');
  if (at.length === steps.length) return past;
  const next = steps[at.length] as string;
  return at.length === 0 ? `there was no start of the sequence: ${next}` : `${past}, but not then ${next}`;
}

function changeOf(root: Finding, support: readonly Finding[], nowMs: number): string {
  if (root.nextMs === Infinity) return '';
  const cause = support.find(({ nextMs }) => nextMs === root.nextMs);
  return `; can change on ${formatInstant(root.nextMs)}${cause === undefined ? '' : ` when ${causeOf(cause, nowMs)}`}`;
}

function causeOf({ node, verdict, found }: Finding, nowMs: number): string {
  if (node.kind === 'sequence') {
    const { steps, windowMs = 0 } = node.condition;
    const { at } = found as { readonly at: readonly string[] };
    const next = steps[at.length];
    if (verdict === true || next?.kind !== 'absence')
      return `${eventWords((steps[0] as (typeof steps)[number]).selector)} leaves the last ${formatDuration(windowMs)}`;
    return `${formatDuration(next.withinMs as number)} have passed without ${eventWords(next.selector)}`;
  }
  if (node.kind !== 'value') return '';
  const { condition, comparisons, slot } = node.leaf;
  const timed = comparisons.find(({ operator }) => operator === 'withinLast' || operator === 'withinNext');
  if (timed !== undefined && slot?.windowMs === undefined)
    return `${String(timed.operand)} from ${subjectWords(node.leaf)} is reached`;
  if (condition.kind === 'event')
    return `an event of ${eventWords(condition.selector)} leaves the ${span(condition.window, nowMs)}`;
  return `an event of ${subjectWords(node.leaf)} leaves the last ${formatDuration(slot?.windowMs ?? 0)}`;
}

function span(window: Window, nowMs: number): string {
  return window.kind === 'within' ? `last ${formatDuration(window.windowMs)}` : `time until ${formatInstant(nowMs)}`;
}
