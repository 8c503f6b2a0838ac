// Lines of a file, many at a time: a promise per line costs as much as parsing one.
import { createReadStream } from 'node:fs';

const CHUNK_BYTES = 1 << 18;

/** The lines that are not blank, in their order, split at `\n`; a list of them per piece of the file. */
export async function* linesOf(file: string): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: CHUNK_BYTES })) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop() ?? '';
    yield lines.filter(isNotBlank);
  }
  if (isNotBlank(rest)) yield [rest];
}

function isNotBlank(line: string): boolean {
  return line.trim() !== '';
}
