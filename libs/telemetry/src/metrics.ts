// Metrics of a process, in Prometheus' text form, through the OpenTelemetry SDK.
// M1 What is counted per record is counted in plain fields (`Ledger`, `IngestionCounters`, …), which are read when somebody asks and
//    cost nothing in between. Histograms take one measurement per request, per batch, or of a sample.
// M2 A source that fails leaves a gap and never takes the others with it.
// M3 Names, units and labels are those of the catalog (metric-catalog.ts). A metric has 2,000 series at most (the SDK's bound): what comes beyond is
//    counted together, under `otel_metric_overflow="true"`.
import type { Attributes } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { DurationHistogram, Measurements, PlainCounter } from './measurements.js';
import { instrumentName, METRICS, type MetricOf } from './metric-catalog.js';

export interface Reading {
  readonly value: number;
  readonly labels?: Attributes;
}

/** Read when somebody asks. */
export interface MetricSource {
  /** In the form of Prometheus; a counter's `_total` is added. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  read(): Iterable<Reading> | Promise<Iterable<Reading>>;
}

/** A source of the catalog's metric. */
export function metricSource(name: MetricOf<'counter' | 'gauge'>, read: MetricSource['read']): MetricSource {
  const { kind, help } = METRICS[name];
  return { name: instrumentName(name), help, kind, read };
}

/** Takes measurements, in the unit of the catalog: seconds. */
export interface Histogram {
  record(seconds: number, labels?: Attributes): void;
}

/** Counts as it goes, for what has no field of its own. */
export interface Counter {
  add(count: number, labels?: Attributes): void;
}

export class Metrics {
  private readonly provider: MeterProvider;
  private readonly measurements = new Measurements();
  private readonly reader = new PullReader({ metricProducers: [this.measurements] });
  private readonly serializer = new PrometheusSerializer('', false, undefined, true, true);
  private readonly meter: ReturnType<MeterProvider['getMeter']>;

  constructor(sources: readonly MetricSource[] = []) {
    this.provider = new MeterProvider({ readers: [this.reader] });
    this.meter = this.provider.getMeter('tessera');
    this.add(sources);
  }

  /** Sources beside those that are there; each name once. */
  add(sources: readonly MetricSource[]): void {
    for (const { name, help, kind, read } of sources) {
      const options = { description: help };
      const instrument =
        kind === 'counter' ? this.meter.createObservableCounter(name, options) : this.meter.createObservableGauge(name, options);
      instrument.addCallback(async (result) => {
        for (const { value, labels } of await read()) result.observe(value, labels ?? {});
      });
    }
  }

  /** Of durations, with the buckets of the catalog. */
  histogram(name: MetricOf<'histogram'>): Histogram {
    return this.measurements.add(new DurationHistogram(instrumentName(name), METRICS[name].help));
  }

  counter(name: MetricOf<'counter'>): Counter {
    return this.measurements.add(new PlainCounter(instrumentName(name), METRICS[name].help));
  }

  /** The present values. */
  async text(): Promise<string> {
    const { resourceMetrics } = await this.reader.collect();
    return this.serializer.serialize(resourceMetrics);
  }

  async close(): Promise<void> {
    await this.provider.shutdown();
  }
}

/** Read when it is asked, and never else. */
class PullReader extends MetricReader {
  protected override onShutdown(): Promise<void> {
    return Promise.resolve();
  }

  protected override onForceFlush(): Promise<void> {
    return Promise.resolve();
  }
}
