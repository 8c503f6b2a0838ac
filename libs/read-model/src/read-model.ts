// The port through which a person is read: contents of the read model by key.
import type { ReadContent, ReadKey } from '@tessera/decisions';

export interface ReadModel {
  /** In the order of the keys; one round trip to the store, or none. Rejects when the store is not available. */
  get(keys: readonly ReadKey[]): Promise<readonly ReadContent[]>;
  /** Milliseconds since the read model last heard from its topics; undefined while that is not known. */
  freshness(): number | undefined;
}
