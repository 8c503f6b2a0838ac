// What is told of the steps of a stage: a span for each record of a sampled trace, freshness, and how late timers fire.
import type { HostPorts, StageObserver } from '@tessera/runtime';
import type { Metrics } from './metrics.js';
import type { Tracing } from './tracing.js';

/** For `HostPorts.observe`. `system`: `messaging.system.name`. */
export function stageObserver(
  metrics: Metrics,
  tracing: Tracing,
  system: string,
  nowMs: () => number,
): NonNullable<HostPorts['observe']> {
  const freshness = metrics.histogram('tessera.stage.freshness');
  const timerLag = metrics.histogram('tessera.timer.lag');
  return ({ name, input }): StageObserver => ({
    stepping({ partition, offset, parent, span, acceptedMs }) {
      const started =
        tracing.on && span
          ? tracing.start({
              name: `process ${input}`,
              kind: 'consumer',
              parent,
              spanId: span.spanId,
              attributes: {
                'messaging.system.name': system,
                'messaging.destination.name': input,
                'messaging.destination.partition.id': String(partition),
                'messaging.operation.name': 'process',
                'messaging.operation.type': 'process',
                'messaging.consumer.group.name': name,
                'messaging.kafka.offset': offset,
                'tessera.stage': name,
              },
            })
          : undefined;
      return (outcome, outputs) => {
        if (acceptedMs !== undefined) freshness.record(Math.max(0, nowMs() - acceptedMs) / 1_000, { stage: name });
        if (started === undefined) return;
        started.setAttribute('tessera.outcome', outcome.kind).setAttribute('tessera.outputs', outputs);
        if ('reason' in outcome) started.setAttribute('tessera.reason', outcome.reason);
        started.end();
      };
    },
    timerFires(dueMs) {
      timerLag.record(Math.max(0, nowMs() - dueMs) / 1_000, { stage: name });
    },
  });
}
