// What a verb of the command line is, and what it is given.
import type { Command } from 'commander';

export interface VerbContext {
  /** A line of the answer, to stdout. */
  print(text: string): void;
  /** A line beside the answer, to stderr. */
  say(text: string): void;
  /** Sets the exit code; the process ends when nothing is left to do. */
  exit(code: 0 | 1 | 2 | 3): void;
}

export interface Verb {
  /** Adds one command (with its subcommands) to the program. */
  register(program: Command, context: VerbContext): void;
}

/** What was asked makes no sense: exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
