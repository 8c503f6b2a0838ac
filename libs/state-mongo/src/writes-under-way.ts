// Writes that were called and are not yet done, by space.
// W1 What waits for a space waits for all its writes that were called before, and fails if one of them failed.

export class WritesUnderWay {
  private readonly spaces = new Map<string, Set<Promise<unknown>>>();

  /** Remembers the write until it is done. */
  follow<T>(space: string, write: Promise<T>): Promise<T> {
    let writes = this.spaces.get(space);
    if (writes === undefined) this.spaces.set(space, (writes = new Set()));
    writes.add(write);
    const forget = (): void => {
      writes.delete(write);
      if (writes.size === 0 && this.spaces.get(space) === writes) this.spaces.delete(space);
    };
    write.then(forget, forget);
    return write;
  }

  /** Rejects with the first failure. */
  async done(space: string): Promise<void> {
    await Promise.all(this.spaces.get(space) ?? []);
  }

  /** When all writes of all spaces have ended, failed or not. */
  async ended(): Promise<void> {
    await Promise.allSettled([...this.spaces.values()].flatMap((writes) => [...writes]));
  }
}
