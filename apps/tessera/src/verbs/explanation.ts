// An explanation for people: the sentence, then the tree of findings, decisive ones marked.
import type { Answer } from './asking.js';

interface Node {
  readonly kind: string;
  readonly verdict: string;
  readonly condition: string;
  readonly found?: unknown;
  readonly decisive?: boolean;
  readonly nextChange?: string | null;
  readonly children?: readonly Node[];
}

export function explanationText(answer: Answer): string {
  const { member, segment, profile, sentence, enteredAt, nextChange, explanation } = answer as {
    member: boolean;
    segment: string;
    profile: string;
    sentence: string;
    enteredAt?: string | null;
    nextChange?: string | null;
    explanation?: Node;
  };
  return [
    `${profile} is ${member ? 'in' : 'not in'} ${segment}${enteredAt ? ` since ${enteredAt}` : ''}`,
    sentence,
    ...(nextChange ? [`next possible change without an event: ${nextChange}`] : []),
    ...(explanation ? ['', ...lines(explanation, 0)] : []),
  ].join('\n');
}

function lines(node: Node, depth: number): readonly string[] {
  const found = node.found === undefined || node.found === null ? '' : `  found ${JSON.stringify(node.found)}`;
  const own = `${'  '.repeat(depth)}${node.decisive === true ? '*' : '-'} ${node.verdict.padEnd(7)} ${node.condition}${found}`;
  return [own, ...(node.children ?? []).flatMap((child) => lines(child, depth + 1))];
}
