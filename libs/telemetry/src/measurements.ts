// Histograms and counters in plain fields, which the SDK's reader collects when somebody asks.
// P1 A measurement is a look-up by its labels and an addition: half of what an instrument of the SDK takes, which sorts and serializes the
//    labels each time. Every append and read of the log is measured (bench/telemetry/watched-log.mjs).
// P2 A metric has 2,000 series at most: what comes beyond is counted together, under `otel_metric_overflow="true"`, as the SDK has it.
import { ValueType, type Attributes } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import { AggregationTemporality, DataPointType } from '@opentelemetry/sdk-metrics';
import type {
  CollectionResult,
  HistogramMetricData,
  MetricData,
  MetricProducer,
  SumMetricData,
} from '@opentelemetry/sdk-metrics';
import { DURATION_BUCKETS } from './metric-catalog.js';

const SERIES_MAX = 2_000;
const OVERFLOW: Attributes = { 'otel.metric.overflow': true };
/** No labels make it: theirs end in a line feed, or are empty. */
const OVERFLOW_KEY = 'overflow';
const NEVER: [number, number] = [0, 0];
const NOTHING: Attributes = {};

/** What several measurements with the same labels came to. */
interface Series {
  readonly labels: Attributes;
  /** By bucket, with one more for what is above all bounds; of a counter none. */
  readonly counts: number[];
  count: number;
  sum: number;
}

abstract class Measurement {
  protected readonly series = new Map<string, Series>();

  constructor(
    protected readonly name: string,
    protected readonly help: string,
    private readonly buckets: number,
  ) {}

  abstract read(): MetricData;

  protected seriesOf(labels: Attributes = NOTHING): Series {
    let key = '';
    for (const label in labels) key += `${label}=${String(labels[label])}\n`;
    return this.series.get(key) ?? this.newSeries(key, labels);
  }

  protected get described() {
    return {
      descriptor: { name: this.name, description: this.help, unit: '', valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
  }

  private newSeries(key: string, labels: Attributes): Series {
    const full = this.series.size >= SERIES_MAX;
    const found = full ? this.series.get(OVERFLOW_KEY) : undefined;
    if (found !== undefined) return found;
    const series = { labels: full ? OVERFLOW : { ...labels }, counts: new Array<number>(this.buckets).fill(0), count: 0, sum: 0 };
    this.series.set(full ? OVERFLOW_KEY : key, series);
    return series;
  }
}

export class DurationHistogram extends Measurement {
  constructor(name: string, help: string) {
    super(name, help, DURATION_BUCKETS.length + 1);
  }

  record(seconds: number, labels?: Attributes): void {
    const series = this.seriesOf(labels);
    let bucket = 0;
    while (bucket < DURATION_BUCKETS.length && seconds > (DURATION_BUCKETS[bucket] as number)) bucket++;
    (series.counts[bucket] as number)++;
    series.count++;
    series.sum += seconds;
  }

  read(): HistogramMetricData {
    const dataPoints = [...this.series.values()].map(({ labels, counts, count, sum }) => ({
      startTime: NEVER,
      endTime: NEVER,
      attributes: labels,
      value: { buckets: { boundaries: [...DURATION_BUCKETS], counts: [...counts] }, count, sum },
    }));
    return { ...this.described, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
}

export class PlainCounter extends Measurement {
  constructor(name: string, help: string) {
    super(name, help, 0);
  }

  add(count: number, labels?: Attributes): void {
    this.seriesOf(labels).sum += count;
  }

  read(): SumMetricData {
    const dataPoints = [...this.series.values()].map(({ labels, sum }) => ({
      startTime: NEVER,
      endTime: NEVER,
      attributes: labels,
      value: sum,
    }));
    return { ...this.described, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
  }
}

/** For a reader of the SDK, beside the instruments of the SDK. */
export class Measurements implements MetricProducer {
  private readonly all: Measurement[] = [];

  add<Kind extends Measurement>(measurement: Kind): Kind {
    this.all.push(measurement);
    return measurement;
  }

  collect(): Promise<CollectionResult> {
    const metrics = this.all.map((measurement) => measurement.read()).filter(({ dataPoints }) => dataPoints.length > 0);
    const scopeMetrics = [{ scope: { name: 'tessera' }, metrics }];
    return Promise.resolve({ resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors: [] });
  }
}
