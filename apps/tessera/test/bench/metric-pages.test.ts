import { describe, expect, test } from '@jest/globals';
import { meanAges, readingsOf } from '../../src/bench/metric-pages.js';

describe('readings of /metrics', () => {
  test('are CPU seconds and the ages of events at topics and stages', () => {
    expect(readingsOf(page(3, 0.5, 10))).toEqual({ cpuSeconds: 4, ages: { 'topic fragments': { seconds: 0.5, count: 10 } } });
  });

  test('give the mean age between two looks, and none where nothing came', () => {
    const [before, after] = [readingsOf(page(3, 0.5, 10)), readingsOf(page(5, 0.9, 20))];
    expect(meanAges({ features: before }, { features: after })).toEqual({ 'topic fragments': 40 });
    expect(meanAges({ features: after }, { features: after })).toEqual({});
  });
});

function page(userSeconds: number, ageSeconds: number, count: number): string {
  return [
    '# HELP process_cpu_time_seconds_total CPU time of the process.',
    '# TYPE process_cpu_time_seconds_total counter',
    `process_cpu_time_seconds_total{cpu_mode="user"} ${String(userSeconds)}`,
    'process_cpu_time_seconds_total{cpu_mode="system"} 1',
    '# HELP tessera_topic_freshness_seconds Age of events.',
    '# TYPE tessera_topic_freshness_seconds histogram',
    `tessera_topic_freshness_seconds_bucket{topic="fragments",le="+Inf"} ${String(count)}`,
    `tessera_topic_freshness_seconds_sum{topic="fragments"} ${String(ageSeconds)}`,
    `tessera_topic_freshness_seconds_count{topic="fragments"} ${String(count)}`,
    '',
  ].join('\n');
}
