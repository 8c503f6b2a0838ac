// What a process says of itself: CPU, memory, the event loop, the garbage collector.
import { monitorEventLoopDelay, performance, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8';
import type { MetricOf } from './metric-catalog.js';
import { metricSource, type Metrics, type MetricSource, type Reading } from './metrics.js';

type IntervalHistogram = ReturnType<typeof monitorEventLoopDelay>;

const RESOLUTION_MS = 20;
const NANOSECONDS = 1e9;
/** By the numbers that Node.js gives to kinds of collections. */
const COLLECTIONS: Readonly<Record<number, string>> = { 1: 'minor', 4: 'major', 8: 'incremental', 16: 'weakcb' };

/** Adds the metrics of this process; the returned function ends what is observed for them. */
export function observeProcess(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  const collections = metrics.histogram('v8js.gc.duration');
  const collector = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { detail } = entry as PerformanceEntry & { readonly detail?: { readonly kind: number } };
      collections.record(entry.duration / 1_000, { 'v8js.gc.type': COLLECTIONS[detail?.kind ?? 0] ?? 'other' });
    }
  });
  collector.observe({ type: 'gc' });
  metrics.add([...processSources(), ...eventLoopSources(delay)]);
  return () => {
    delay.disable();
    collector.disconnect();
  };
}

function processSources(): readonly MetricSource[] {
  return [
    metricSource('process.cpu.time', () => {
      const { user, system } = process.cpuUsage();
      return [
        { value: user / 1e6, labels: { 'cpu.mode': 'user' } },
        { value: system / 1e6, labels: { 'cpu.mode': 'system' } },
      ];
    }),
    metricSource('process.memory.usage', () => [{ value: process.memoryUsage.rss() }]),
    metricSource('process.uptime', () => [{ value: process.uptime() }]),
    metricSource('v8js.memory.heap.used', () =>
      getHeapSpaceStatistics().map(({ space_name, space_used_size }) => ({
        value: space_used_size,
        labels: { 'v8js.heap.space.name': space_name },
      })),
    ),
    metricSource('v8js.memory.heap.limit', () => [{ value: getHeapStatistics().heap_size_limit }]),
  ];
}

const DELAYS = {
  'nodejs.eventloop.delay.min': (delay) => delay.min,
  'nodejs.eventloop.delay.max': (delay) => delay.max,
  'nodejs.eventloop.delay.mean': (delay) => delay.mean,
  'nodejs.eventloop.delay.stddev': (delay) => delay.stddev,
  'nodejs.eventloop.delay.p50': (delay) => delay.percentile(50),
  'nodejs.eventloop.delay.p90': (delay) => delay.percentile(90),
  'nodejs.eventloop.delay.p99': (delay) => delay.percentile(99),
} as const satisfies Readonly<Partial<Record<MetricOf<'gauge'>, (delay: IntervalHistogram) => number>>>;

function eventLoopSources(delay: IntervalHistogram): readonly MetricSource[] {
  let reading: Readonly<Record<string, number>> | undefined;
  let before = performance.eventLoopUtilization();
  // All of one scrape are of one interval: the first that is read closes it, the end of the turn begins the next.
  const readingOf = (name: keyof typeof DELAYS): readonly Reading[] => {
    if (reading === undefined) {
      reading = Object.fromEntries(Object.entries(DELAYS).map(([key, of]) => [key, of(delay) / NANOSECONDS]));
      delay.reset();
      setImmediate(() => (reading = undefined));
    }
    const value = reading[name];
    return value === undefined || Number.isNaN(value) ? [] : [{ value }];
  };
  return [
    ...(Object.keys(DELAYS) as (keyof typeof DELAYS)[]).map((name) => metricSource(name, () => readingOf(name))),
    metricSource('nodejs.eventloop.utilization', () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return [{ value: utilization }];
    }),
    metricSource('nodejs.eventloop.time', () => {
      const { active, idle } = performance.eventLoopUtilization();
      return [
        { value: active / 1_000, labels: { 'nodejs.eventloop.state': 'active' } },
        { value: idle / 1_000, labels: { 'nodejs.eventloop.state': 'idle' } },
      ];
    }),
  ];
}
