// The payload of a Content definition: any JSON object whose strings are templates.
// P1 Keys, numbers, booleans and null are taken as they are; strings are rendered to strings, wherever they stand.
// P2 Strings without a tag or an output cost nothing: a payload without templates is one constant.
// P3 All strings of a payload share one budget (template-budget.ts) and one size: an answer has a bound that is known beforehand.
import type { Template } from 'liquidjs';
import { TemplateBudget } from './template-budget.js';
import { type TemplateScope, TEMPLATE_MAX, parseTemplate, renderTemplate } from './template.js';

/** Characters of all rendered strings: 50 slots stay below the 4 MiB that gRPC clients accept. */
export const PAYLOAD_CHARACTERS_MAX = 64 * 1024;
const DEPTH_MAX = 32;
const NODES_MAX = 5_000;

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Payload {
  /** Throws an Error that says what could not be rendered, and where. */
  render(scope: TemplateScope, nowMs: number, strict: boolean): JsonObject;
}

type Node =
  | { readonly kind: 'constant'; readonly value: unknown; readonly characters: number }
  | { readonly kind: 'text'; readonly template: readonly Template[]; readonly place: string }
  | { readonly kind: 'list'; readonly elements: readonly Node[] }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [key: string, node: Node])[] };

interface Rendering {
  readonly scope: TemplateScope;
  readonly budget: TemplateBudget;
  readonly strict: boolean;
  characters: number;
}

/** Throws an Error that names the place in the payload. */
export function compilePayload(payload: unknown): Payload {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
    throw new Error(
      `payload must be an object, found ${payload === null ? 'null' : Array.isArray(payload) ? 'a list' : typeof payload}`,
    );
  }
  const root = compile(payload, 'payload', 0, { nodes: 0 });
  if (root.kind === 'constant') {
    if (root.characters > PAYLOAD_CHARACTERS_MAX) throw tooLong('payload');
    const constant = root.value as JsonObject;
    return { render: () => constant };
  }
  return {
    render: (scope, nowMs, strict) =>
      renderNode(root, { scope, budget: new TemplateBudget(nowMs), strict, characters: 0 }) as JsonObject,
  };
}

function compile(value: unknown, place: string, depth: number, count: { nodes: number }): Node {
  if (++count.nodes > NODES_MAX) throw new Error(`payload holds more than ${String(NODES_MAX)} values`);
  if (depth > DEPTH_MAX) throw new Error(`${place} is nested deeper than ${String(DEPTH_MAX)} levels`);
  if (typeof value === 'string') return compileText(value, place);
  if (typeof value !== 'object' || value === null) return { kind: 'constant', value, characters: 0 };
  if (Array.isArray(value)) {
    const elements = value.map((element, i) => compile(element, `${place}[${String(i)}]`, depth + 1, count));
    if (!elements.every(isConstant)) return { kind: 'list', elements };
    return constantOf(
      elements.map((element) => element.value),
      elements,
    );
  }
  const entries = Object.entries(value).map(
    ([key, child]) => [key, compile(child, `${place}.${key}`, depth + 1, count)] as const,
  );
  const nodes = entries.map(([, node]) => node);
  if (!nodes.every(isConstant)) return { kind: 'object', entries };
  return constantOf(Object.fromEntries(entries.map(([key], i) => [key, nodes[i]?.value])), nodes);
}

function compileText(text: string, place: string): Node {
  if (!text.includes('{{') && !text.includes('{%')) return { kind: 'constant', value: text, characters: text.length };
  if (text.length > TEMPLATE_MAX) throw new Error(`${place} is a template of more than ${String(TEMPLATE_MAX)} characters`);
  try {
    return { kind: 'text', template: parseTemplate(text), place };
  } catch (error) {
    throw new Error(`${place}: ${messageOf(error)}`, { cause: error });
  }
}

function renderNode(node: Node, rendering: Rendering): unknown {
  switch (node.kind) {
    case 'constant':
      count(rendering, node.characters);
      return node.value;
    case 'text':
      return renderText(node, rendering);
    case 'list':
      return node.elements.map((element) => renderNode(element, rendering));
    case 'object':
      // fromEntries defines own properties: a key `__proto__` is a key like any other.
      return Object.fromEntries(node.entries.map(([key, child]) => [key, renderNode(child, rendering)]));
  }
}

function renderText(node: Extract<Node, { kind: 'text' }>, rendering: Rendering): string {
  let text: string;
  try {
    text = renderTemplate(node.template, rendering.scope, rendering.budget, rendering.strict);
  } catch (error) {
    throw new Error(`${node.place}: ${messageOf(error)}`, { cause: error });
  }
  count(rendering, text.length);
  return text;
}

function count(rendering: Rendering, characters: number): void {
  rendering.characters += characters;
  if (rendering.characters > PAYLOAD_CHARACTERS_MAX) throw tooLong('payload');
}

function tooLong(place: string): Error {
  return new Error(`${place} is longer than ${String(PAYLOAD_CHARACTERS_MAX)} characters`);
}

function isConstant(node: Node): node is Extract<Node, { kind: 'constant' }> {
  return node.kind === 'constant';
}

function constantOf(value: object, parts: readonly Extract<Node, { kind: 'constant' }>[]): Node {
  return { kind: 'constant', value: Object.freeze(value), characters: parts.reduce((sum, part) => sum + part.characters, 0) };
}

/** A stack overflow or a thrown text is reported like any other failure. */
function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
