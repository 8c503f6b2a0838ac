// Which call is due when, and whose it is. People take turns, and what a person says alternates: so every call puts a person into a
// segment or takes them out of it, and the n-th change of a person is the answer to their n-th call.
// P1 Calls are due at a steady rate, whatever became of those before: a slow answer delays nobody (no coordinated omission).

export interface LoadPlan {
  /** Calls per second. */
  readonly rate: number;
  readonly calls: number;
  readonly people: number;
}

export interface PlannedCall {
  /** After the beginning. */
  readonly dueMs: number;
  readonly userId: string;
  readonly state: 'on' | 'off';
}

/** The segment that every call changes. */
export const TOGGLED = 'switched-on';

export const TOGGLED_DEFINITION = `
apiVersion: tessera/v1
kind: Segment
metadata: { name: ${TOGGLED} }
spec: { when: { event: Product Viewed, last: { of: properties.state, eq: 'on' } } }
`;

export function callAt(index: number, { rate, people }: Pick<LoadPlan, 'rate' | 'people'>): PlannedCall {
  return {
    dueMs: (index * 1000) / rate,
    userId: `user-${String(index % people)}`,
    state: Math.floor(index / people) % 2 === 0 ? 'on' : 'off',
  };
}

/** The call that the n-th change of a person answers, both from zero. */
export function callOf(person: number, change: number, { people }: Pick<LoadPlan, 'people'>): number {
  return change * people + person;
}
