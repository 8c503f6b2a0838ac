// How batches may be compressed, and the end of those that cannot be read.
// K1 gzip, snappy, lz4 and zstd are read over both clients, whoever wrote them; what this process writes is not compressed.
// K2 No record is skipped: a batch that nobody can read ends the reading, with its place and its codec.
import { compressionsAlgorithmsByBitmask } from '@platformatic/kafka';

const NAMES: readonly (string | undefined)[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** Codes of the protocol, for those that are compressed. */
export const CODECS: readonly number[] = [1, 2, 3, 4];

/** Not a RetryableError: it is there until a person does something about it. */
export class UnreadableBatchError extends Error {
  /** `place` is `topic[partition]`. */
  constructor(place: string, offset: number, why: string, cause?: unknown) {
    super(
      `${place}: the batch at offset ${String(offset)} cannot be read: ${why}. No record is skipped: let a replica whose copy is whole ` +
        'lead the partition, and start this process again',
      { cause },
    );
    this.name = 'UnreadableBatchError';
  }
}

/** What went wrong inside of a batch: whoever knows its place makes an UnreadableBatchError of it. */
export class CodecError extends Error {}

/** `codec` is the protocol's code. Throws CodecError, which names it. */
export function decompressed(codec: number, bytes: Buffer): Buffer {
  const found = (compressionsAlgorithmsByBitmask as Record<number, { decompressSync(data: Buffer): Buffer } | undefined>)[codec];
  if (found === undefined) throw new CodecError(`it has the codec ${String(codec)}, which is not known; known are ${known()}`);
  try {
    return found.decompressSync(bytes);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CodecError(`it cannot be decompressed as ${String(NAMES[codec])} (${why})`, { cause: error });
  }
}

function known(): string {
  return CODECS.map((codec) => NAMES[codec]).join(', ');
}
