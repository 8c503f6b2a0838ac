// Who is in which segment, as lines `person,segment` with person = user id, else anonymous id; and their hash.
import { createHash } from 'node:crypto';
import type { StateStore } from '@tessera/runtime';
import { createSegmentsStage, readMemberships, type ProfileDocument } from '@tessera/segments';

export async function membershipLines(store: StateStore, partitions: number): Promise<string[]> {
  const stage = createSegmentsStage({
    clock: 'event',
    secretOf: () => '',
    definitions: { load: () => Promise.reject(new Error('documents are read, not stepped')) },
  });
  const lines: string[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    for await (const chunk of store.scan({ stage: stage.name, partition })) {
      for (const { bytes, key } of chunk) {
        const document = stage.decode(bytes, key);
        for (const { segment } of readMemberships(document)) lines.push(`${personOf(document)},${segment}\n`);
      }
    }
  }
  return lines.sort();
}

/** SHA-256 over the sorted lines. */
export function membershipHash(lines: readonly string[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(line);
  return hash.digest('hex');
}

function personOf(document: ProfileDocument): string {
  const present = document.fragments.map(({ id }) => id);
  const users = present.flatMap((id) => (id.includes('|user:') ? [id.slice(id.indexOf('|user:') + 6)] : []));
  const [sender = ''] = present.map((id) => id.slice(0, id.indexOf('|'))).sort();
  return users.sort()[0] ?? sender.slice(sender.indexOf(':') + 1);
}
