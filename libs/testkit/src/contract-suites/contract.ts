// What every contract suite is made of: laws that an adapter keeps or breaks, and what an adapter offers to show it.
// C1 A law is a plain function that throws when it is broken: the tests run it on good adapters and on planted bad ones.
// C2 A law asks for no more than the ports promise. What only some adapters can be asked (a crash, a wall clock of ours) is offered by
//    name; what is offered is checked.
// C3 No test framework is imported here: the caller hands in its own `describe` and `test`.
import { setImmediate as nextTurn } from 'node:timers/promises';

export interface TestRunner {
  describe(name: string, body: () => void): void;
  test(name: string, body: () => Promise<void>): void;
}

export interface Law<Subject, Offer extends string> {
  readonly name: string;
  readonly needs?: readonly Offer[];
  readonly check: (subject: Subject) => Promise<void>;
}

/** What an adapter did for its n-th append or write, from 1; `resolved` is written by the suite when the promise resolved. */
export interface JournalEntry {
  readonly event: 'commit' | 'flush' | 'acknowledge' | 'resolved';
  readonly number: number;
}

/** Acknowledgements that came before their flush, and flushes before their commit: one sentence each. */
export function journalViolations(journal: readonly JournalEntry[]): readonly string[] {
  const violations: string[] = [];
  const seen = new Set<string>();
  for (const { event, number } of journal) {
    const needed = event === 'flush' ? 'commit' : 'flush';
    if (event !== 'commit' && !seen.has(`${needed} ${String(number)}`))
      violations.push(`${event} of ${String(number)} before its ${needed}`);
    seen.add(`${event} ${String(number)}`);
  }
  return violations;
}

/** Polls until the condition holds; a real log takes its time. */
export async function until(condition: () => boolean | Promise<boolean>, what: string, timeoutMs = 2500): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`it took more than ${String(timeoutMs)} ms until ${what}`);
    await nextTurn();
  }
}

/** Registers the laws that the adapter's offers allow. */
export function registerLaws<Subject extends { dispose(): Promise<void> }, Offer extends string>(
  laws: readonly Law<Subject, Offer>[],
  offers: readonly Offer[],
  open: (law: Law<Subject, Offer>) => Promise<Subject>,
  { test }: TestRunner,
): void {
  for (const law of laws) {
    if (!(law.needs ?? []).every((need) => offers.includes(need))) continue;
    test(law.name, async () => {
      const subject = await open(law);
      try {
        await law.check(subject);
      } finally {
        await subject.dispose();
      }
    });
  }
}
