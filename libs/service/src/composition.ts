// What a service adds to a process. A process of its own runs one composition, the process of everything the sum of all.
import type { DynamicModule } from '@nestjs/common';
import type { GrpcContract } from '@tessera/nest';
import type { HostedStage, Part } from '@tessera/runtime';
import type { MetricSource } from '@tessera/telemetry';

/**
 * What `/readyz` waits for beside open doors. `open`: nothing; what the service answers depends on no log.
 * `assigned`: it is known which partitions this process works on, and none of them stands still. `running`: all of them run.
 */
export type ReadyWhen = 'open' | 'assigned' | 'running';

export interface Composition {
  readonly hosts: readonly HostedStage[];
  /** In the order in which they start, the hosts among them. */
  readonly parts: readonly Part[];
  readonly modules: readonly DynamicModule[];
  readonly contracts: readonly GrpcContract[];
  /** Whether the modules have anything for HTTP. */
  readonly http: boolean;
  readonly metrics: readonly MetricSource[];
  readonly readyWhen: ReadyWhen;
}

export function sumOf(readyWhen: ReadyWhen, compositions: readonly Composition[]): Composition {
  return {
    hosts: compositions.flatMap(({ hosts }) => hosts),
    parts: compositions.flatMap(({ parts }) => parts),
    modules: compositions.flatMap(({ modules }) => modules),
    contracts: compositions.flatMap(({ contracts }) => contracts),
    http: compositions.some(({ http }) => http),
    metrics: compositions.flatMap(({ metrics }) => metrics),
    readyWhen,
  };
}
