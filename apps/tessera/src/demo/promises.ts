// The promises of a play: each is a sentence, what was found, and whether it held. Nothing is forgotten: what could not be asked is broken.
import type { Telling } from './telling.js';

export interface Promised {
  readonly name: string;
  readonly ok: boolean;
  readonly found: string;
}

export class Promises {
  readonly all: Promised[] = [];

  constructor(private readonly telling: Telling) {}

  get kept(): boolean {
    return this.all.length > 0 && this.all.every(({ ok }) => ok);
  }

  check(name: string, ok: boolean, found: string): void {
    this.all.push({ name, ok, found });
    this.telling.promise(name, ok, found);
  }

  equal(name: string, want: unknown, found: unknown): void {
    const [wanted, got] = [JSON.stringify(want), JSON.stringify(found)];
    this.check(
      name,
      wanted === got,
      wanted === got ? shortened(got) : `found ${shortened(got)}, recomputed ${shortened(wanted)}`,
    );
  }

  /** Asks, and breaks the promise where asking fails. */
  async ask(name: string, question: () => Promise<{ readonly ok: boolean; readonly found: string }>): Promise<void> {
    try {
      const { ok, found } = await question();
      this.check(name, ok, found);
    } catch (error) {
      this.check(name, false, error instanceof Error ? error.message : String(error));
    }
  }
}

function shortened(text: string | undefined): string {
  const whole = text ?? 'nothing';
  return whole.length > 160 ? `${whole.slice(0, 157)}...` : whole;
}
