// What decisions publish as metrics: plain counters of the service, read when a scraper asks.
import { one } from '@tessera/service';
import { metricSource, type MetricSource } from '@tessera/telemetry';
import type { DecisionCounters } from './deciding/decision-counters.js';

export function decisionMetrics(counters: DecisionCounters, stalenessMs: () => number | undefined): readonly MetricSource[] {
  return [
    metricSource('tessera.decisions', () => [
      one(counters.answered, { result: 'answered' }),
      one(counters.refused, { result: 'refused' }),
      one(counters.timeouts, { result: 'answered-late-read-model' }),
      one(counters.unavailable, { result: 'answered-without-read-model' }),
    ]),
    metricSource('tessera.decision.slots', () =>
      [...counters.slots].map(([name, value]) => {
        const [status = '', reason = ''] = name.split(' ');
        return one(value, { status, reason });
      }),
    ),
    metricSource('tessera.decisions.logged', () => [
      one(counters.logged, { logged: 'yes' }),
      one(counters.notLogged, { logged: 'no' }),
    ]),
    metricSource('tessera.read_model.staleness', () => {
      const ms = stalenessMs();
      return ms === undefined ? [] : [one(ms / 1_000)];
    }),
  ];
}
