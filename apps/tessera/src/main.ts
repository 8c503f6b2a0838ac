#!/usr/bin/env node
// The command `tessera`: the whole system in one process, and what is asked of it from a shell.
// X1 Exit codes: 0 done, 1 it failed or refused, 2 the command line is wrong, 3 there are differences.
// X2 What a command is for goes to stdout, everything said beside it to stderr.
import { enableCompileCache } from 'node:module';
import { Command, CommanderError } from 'commander';
import { UsageError, type VerbContext } from './verb.js';
import { VERBS } from './verbs.js';

const program = new Command('tessera')
  .description('Real-time audience segmentation and personalization.')
  .exitOverride()
  .showSuggestionAfterError()
  .showHelpAfterError();

const context: VerbContext = {
  print: (text) => void process.stdout.write(`${text}\n`),
  say: (text) => void process.stderr.write(`${text}\n`),
  exit: (code) => {
    process.exitCode = code;
  },
};

/** The oldest Node.js that has all that is used here. `npm start` and the like bring one of their own. */
const NODE_MIN = [24, 9] as const;
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NODE_MIN[0] || (major === NODE_MIN[0] && minor < NODE_MIN[1])) {
  context.say(
    `tessera: Node.js ${NODE_MIN.join('.')} or later is needed, and this is ${process.version}. Start it by: npm run tessera -- …`,
  );
  process.exit(1);
}

// Verbs load what they need when they run: from the second run on, without compiling it again (a third of a start).
enableCompileCache();
for (const { register } of VERBS) register(program, context);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else {
    context.say(`tessera: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
