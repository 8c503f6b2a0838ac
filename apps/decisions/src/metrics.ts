// What decisions publish as metrics: plain counters of the service, read when a scraper asks.
import { counter, gauge, one } from '@tessera/service';
import type { MetricSource } from '@tessera/telemetry';
import type { DecisionCounters } from './deciding/decision-counters.js';

export function decisionMetrics(counters: DecisionCounters, stalenessMs: () => number | undefined): readonly MetricSource[] {
  return [
    counter('tessera_decisions', 'Requests for decisions, by how they ended.', () => [
      one(counters.answered, { result: 'answered' }),
      one(counters.refused, { result: 'refused' }),
      one(counters.timeouts, { result: 'answered-late-read-model' }),
      one(counters.unavailable, { result: 'answered-without-read-model' }),
    ]),
    counter('tessera_decision_slots', 'Slots decided, by status and reason.', () =>
      [...counters.slots].map(([name, value]) => {
        const [status = '', reason = ''] = name.split(' ');
        return one(value, { status, reason });
      }),
    ),
    counter('tessera_decisions_logged', 'Decisions by whether their log has them.', () => [
      one(counters.logged, { logged: 'yes' }),
      one(counters.notLogged, { logged: 'no' }),
    ]),
    gauge('tessera_read_model_staleness_seconds', 'Age of what decisions read.', () => {
      const ms = stalenessMs();
      return ms === undefined ? [] : [one(ms / 1_000)];
    }),
  ];
}
