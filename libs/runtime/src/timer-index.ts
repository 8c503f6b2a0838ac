// Which documents have a timer, nearest first: a binary heap of (due, key).
// T1 Entries are hints: a popped entry whose document has another due time is stale and is dropped by the caller.
// T2 Ties are broken by key, so the order is the same in every run.
import type { Key } from '@tessera/contracts';

export class TimerIndex {
  private readonly due: number[] = [];
  private readonly keys: Key[] = [];

  get size(): number {
    return this.due.length;
  }

  /** Due time of the nearest entry; Infinity when there is none. */
  get nearestMs(): number {
    return this.due.length > 0 ? (this.due[0] as number) : Infinity;
  }

  /** Key of the nearest entry; there must be one. */
  get nearestKey(): Key {
    return this.keys[0] as Key;
  }

  add(dueMs: number, key: Key): void {
    const { due, keys } = this;
    let child = due.length;
    due.push(dueMs);
    keys.push(key);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!this.before(child, parent)) return;
      this.swap(child, parent);
      child = parent;
    }
  }

  /** Removes the nearest entry and returns its key. */
  pop(): Key {
    const { due, keys } = this;
    const key = keys[0] as Key;
    const lastDue = due.pop() as number;
    const lastKey = keys.pop() as Key;
    if (due.length > 0) {
      due[0] = lastDue;
      keys[0] = lastKey;
      this.sink();
    }
    return key;
  }

  private sink(): void {
    const size = this.due.length;
    let parent = 0;
    for (;;) {
      let least = 2 * parent + 1;
      if (least >= size) return;
      if (least + 1 < size && this.before(least + 1, least)) least += 1;
      if (!this.before(least, parent)) return;
      this.swap(least, parent);
      parent = least;
    }
  }

  private before(a: number, b: number): boolean {
    const { due, keys } = this;
    const difference = (due[a] as number) - (due[b] as number);
    return difference < 0 || (difference === 0 && (keys[a] as Key) < (keys[b] as Key));
  }

  private swap(a: number, b: number): void {
    const { due, keys } = this;
    const dueA = due[a] as number;
    const keyA = keys[a] as Key;
    due[a] = due[b] as number;
    keys[a] = keys[b] as Key;
    due[b] = dueA;
    keys[b] = keyA;
  }
}
