// Metrics of a process, in Prometheus' text form, through the OpenTelemetry SDK.
// M1 Hot paths count in plain fields; what is read here is read when somebody asks, and costs nothing in between.
// M2 A source that fails leaves a gap and never takes the others with it.
// M3 Label values come from closed lists (stages, reasons, codes), so that the number of series is bounded.
import type { Attributes } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';

export interface Reading {
  readonly value: number;
  readonly labels?: Attributes;
}

export interface MetricSource {
  /** In the form of Prometheus: `tessera_stage_records`; a counter's `_total` is added. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge';
  read(): Iterable<Reading> | Promise<Iterable<Reading>>;
}

export class Metrics {
  private readonly provider: MeterProvider;
  private readonly reader = new PullReader();
  private readonly serializer = new PrometheusSerializer('', false, undefined, true, true);

  constructor(sources: readonly MetricSource[]) {
    this.provider = new MeterProvider({ readers: [this.reader] });
    const meter = this.provider.getMeter('tessera');
    for (const { name, help, kind, read } of sources) {
      const options = { description: help };
      const instrument =
        kind === 'counter' ? meter.createObservableCounter(name, options) : meter.createObservableGauge(name, options);
      instrument.addCallback(async (result) => {
        for (const { value, labels } of await read()) result.observe(value, labels ?? {});
      });
    }
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
