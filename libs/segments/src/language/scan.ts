// A first look at the text of definitions, token by token, before anything is built from it. Linear in the text.
// A parser takes seconds for a megabyte of brackets or aliases, and its stack ends with the nesting; such text stops here.
import { Lexer } from 'yaml';
import { DEPTH_MAX, DOCUMENTS_MAX } from './limits.js';

const TOKENS_MAX = 400_000;
const MARKS_MAX = 1_000;

/** What is too much, in words; undefined where the text is fit to be parsed. */
export function tooMuchText(text: string): string | undefined {
  let [tokens, marks, documents, depth, indicators] = [0, 0, 0, 0, 0];
  for (const token of new Lexer().lex(text)) {
    if (++tokens > TOKENS_MAX) return `the text has more than ${String(TOKENS_MAX)} tokens`;
    switch (token.charAt(0)) {
      case '*':
      case '&':
      case '!':
        if (++marks > MARKS_MAX) return `the text has more than ${String(MARKS_MAX)} anchors, aliases and tags`;
        break;
      case '[':
      case '{':
        depth++;
        break;
      case ']':
      case '}':
        depth--;
        break;
    }
    if (token === '---' && ++documents > DOCUMENTS_MAX) return `the text holds more than ${String(DOCUMENTS_MAX)} documents`;
    if (token === '-' || token === '?') indicators++;
    else if (token.trim() !== '') indicators = 0;
    if (depth > DEPTH_MAX || indicators > DEPTH_MAX) return `the text is deeper than ${String(DEPTH_MAX)} levels`;
  }
  return undefined;
}
