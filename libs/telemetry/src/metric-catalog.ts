// Every metric of every process: its name, kind, unit, labels and meaning. docs/operations/metrics.md is this table, checked by a test.
// C1 Names are those of OpenTelemetry's semantic conventions where they have one (1.45: http and rpc stable, the rest in
//    development); ours begin with `tessera.`. In Prometheus' form dots become underscores, the unit is a suffix, and a counter
//    ends in `_total`.
// C2 A label has a closed list of values (routes, stages, topics, reasons, codes): the number of series is bounded, and no label
//    says anything of a person.

export interface MetricEntry {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** As UCUM has it: seconds, bytes, a ratio; in braces what is counted. */
  readonly unit: 's' | 'By' | '1' | `{${string}}`;
  readonly labels: readonly string[];
  readonly help: string;
}

/** Upper bounds in seconds, for what takes from under a millisecond to ten seconds. */
export const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

const STAGE = ['stage'] as const;
const TOPIC = ['topic'] as const;
const LOG = ['messaging.system.name', 'messaging.destination.name'] as const;

export const METRICS = {
  'http.server.request.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['http.request.method', 'http.route', 'http.response.status_code', 'url.scheme', 'error.type'],
    help: 'Time from a request to the end of its answer, by route.',
  },
  'rpc.server.call.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['rpc.system.name', 'rpc.method', 'rpc.status_code'],
    help: 'Time from a gRPC call to its status.',
  },
  'messaging.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    labels: [...LOG, 'messaging.operation.name', 'error.type'],
    help: 'Time of an append (send: until it is durable) or a read (poll) of the log; error.type is there on those that failed.',
  },
  'messaging.client.sent.messages': {
    kind: 'counter',
    unit: '{message}',
    labels: [...LOG],
    help: 'Records that were appended.',
  },
  'messaging.client.consumed.messages': {
    kind: 'counter',
    unit: '{message}',
    labels: [...LOG],
    help: 'Records that were read.',
  },
  'db.client.operation.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['db.system.name', 'db.operation.name', 'db.collection.name', 'error.type'],
    help: 'Time of an operation of the state store, by stage; error.type is there on those that failed.',
  },
  'tessera.topic.freshness': {
    kind: 'histogram',
    unit: 's',
    labels: ['topic'],
    help: 'Time from the acceptance of an event to the durable record on a topic that it caused; on a sample of the events.',
  },
  'tessera.stage.freshness': {
    kind: 'histogram',
    unit: 's',
    labels: STAGE,
    help: 'Time from the acceptance of an event until a stage sees what it caused (the read-* stages: until decisions do); on a sample.',
  },
  'tessera.timer.lag': {
    kind: 'histogram',
    unit: 's',
    labels: STAGE,
    help: 'Time by which timers fired after they were due; on one timer in 16.',
  },
  'tessera.checkpoint.duration': {
    kind: 'histogram',
    unit: 's',
    labels: STAGE,
    help: 'Time in which a checkpoint was written: from its first document to the document of its partition.',
  },
  'tessera.stage.records': {
    kind: 'counter',
    unit: '{record}',
    labels: ['stage', 'outcome'],
    help: 'Records read by a stage, by what became of them.',
  },
  'tessera.stage.reasons': {
    kind: 'counter',
    unit: '{record}',
    labels: ['stage', 'reason'],
    help: 'Records late, dropped or dead-lettered by a stage, by reason.',
  },
  'tessera.stage.records_unaccounted': {
    kind: 'gauge',
    unit: '{record}',
    labels: STAGE,
    help: 'Records read and accounted for nowhere: always 0.',
  },
  'tessera.stage.lag.records': {
    kind: 'gauge',
    unit: '{record}',
    labels: STAGE,
    help: 'Records that a stage has not yet stepped.',
  },
  'tessera.stage.lag': {
    kind: 'gauge',
    unit: 's',
    labels: STAGE,
    help: 'Time by which the slowest partition of a stage is behind its log, at most; 0 when nothing waits.',
  },
  'tessera.stage.partitions': {
    kind: 'gauge',
    unit: '{partition}',
    labels: STAGE,
    help: 'Partitions of a stage that this process owns.',
  },
  'tessera.stage.partitions_not_running': {
    kind: 'gauge',
    unit: '{partition}',
    labels: STAGE,
    help: 'Partitions that back off or stand still.',
  },
  'tessera.stage.outputs': { kind: 'counter', unit: '{record}', labels: STAGE, help: 'Records appended by a stage.' },
  'tessera.stage.timers_fired': { kind: 'counter', unit: '{timer}', labels: STAGE, help: 'Timers that fired.' },
  'tessera.stage.ticks': {
    kind: 'counter',
    unit: '{record}',
    labels: STAGE,
    help: 'Ticks appended because a timer was due and no record had come.',
  },
  'tessera.stage.checkpoints': { kind: 'counter', unit: '{checkpoint}', labels: STAGE, help: 'Checkpoints begun.' },
  'tessera.stage.documents_written': {
    kind: 'counter',
    unit: '{document}',
    labels: STAGE,
    help: 'State documents written.',
  },
  'tessera.stage.writes_refused': {
    kind: 'counter',
    unit: '{document}',
    labels: STAGE,
    help: 'Writes refused by their guard: the stored document was ahead.',
  },
  'tessera.stage.restarts': {
    kind: 'counter',
    unit: '{restart}',
    labels: STAGE,
    help: 'Times a partition went on from its partition document after a failure.',
  },
  'tessera.ingestion.events': {
    kind: 'counter',
    unit: '{event}',
    labels: ['verdict'],
    help: 'Events by what became of them at the door.',
  },
  'tessera.ingestion.dead_letters': {
    kind: 'counter',
    unit: '{event}',
    labels: ['reason'],
    help: 'Events refused, by reason.',
  },
  'tessera.ingestion.requests_refused': {
    kind: 'counter',
    unit: '{request}',
    labels: ['code'],
    help: 'Requests refused as a whole, by code.',
  },
  'tessera.decisions': {
    kind: 'counter',
    unit: '{request}',
    labels: ['result'],
    help: 'Requests for decisions, by how they ended.',
  },
  'tessera.decision.slots': {
    kind: 'counter',
    unit: '{slot}',
    labels: ['status', 'reason'],
    help: 'Slots decided, by status and reason.',
  },
  'tessera.decisions.logged': {
    kind: 'counter',
    unit: '{decision}',
    labels: ['logged'],
    help: 'Decisions by whether their log has them.',
  },
  'tessera.read_model.staleness': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    help: 'Age of what decisions read.',
  },
  'tessera.log.compacted_records': {
    kind: 'counter',
    unit: '{record}',
    labels: ['topic'],
    help: 'Records taken out of compacted topics: a later one of their key is there.',
  },
  'tessera.log.compaction_failures': {
    kind: 'counter',
    unit: '{round}',
    labels: [],
    help: 'Rounds of compaction that failed.',
  },
  'tessera.log.head_cuts': {
    kind: 'counter',
    unit: '{cut}',
    labels: TOPIC,
    help: 'Times that the head of a partition was cut by the days of its topic, where no broker does it.',
  },
  'tessera.log.records_cut': {
    kind: 'counter',
    unit: '{record}',
    labels: TOPIC,
    help: 'Records that were let go of with it.',
  },
  'tessera.log.head_cut_failures': {
    kind: 'counter',
    unit: '{failure}',
    labels: TOPIC,
    help: 'Rounds in which the head of a topic could not be cut.',
  },
  'tessera.archive.files_written': { kind: 'counter', unit: '{file}', labels: TOPIC, help: 'Files written into the archive.' },
  'tessera.archive.records_written': { kind: 'counter', unit: '{record}', labels: TOPIC, help: 'Records in these files.' },
  'tessera.archive.written': { kind: 'counter', unit: 'By', labels: TOPIC, help: 'Bytes of these files, compressed.' },
  'tessera.archive.failures': {
    kind: 'counter',
    unit: '{failure}',
    labels: TOPIC,
    help: 'Turns of a partition in which it could not be archived; it is tried again.',
  },
  'tessera.archive.lag.records': {
    kind: 'gauge',
    unit: '{record}',
    labels: TOPIC,
    help: 'Records that are not archived yet, of all partitions, as the archiver last saw them.',
  },
  'tessera.archive.lag': {
    kind: 'gauge',
    unit: 's',
    labels: TOPIC,
    help: 'Age of the oldest record that is not archived; 0 where there is none. An hour is usual.',
  },
  'tessera.archive.staleness': {
    kind: 'gauge',
    unit: 's',
    labels: [],
    help: 'Time since the archiver last went over all partitions without a failure; since its start, where it never did.',
  },
  'tessera.archive.files_deleted': {
    kind: 'counter',
    unit: '{file}',
    labels: TOPIC,
    help: 'Files deleted from the archive because they were older than the days of their topic.',
  },
  'tessera.archive.records_deleted': { kind: 'counter', unit: '{record}', labels: TOPIC, help: 'Records in these files.' },
  'tessera.archive.deletion_failures': {
    kind: 'counter',
    unit: '{failure}',
    labels: TOPIC,
    help: 'Turns of a partition in which old files could not be looked for or deleted; it is tried again.',
  },
  'process.cpu.time': { kind: 'counter', unit: 's', labels: ['cpu.mode'], help: 'CPU time of the process.' },
  'process.memory.usage': { kind: 'gauge', unit: 'By', labels: [], help: 'Resident memory of the process.' },
  'process.uptime': { kind: 'gauge', unit: 's', labels: [], help: 'Time since the process started.' },
  'nodejs.eventloop.delay.min': eventLoop('Shortest'),
  'nodejs.eventloop.delay.max': eventLoop('Longest'),
  'nodejs.eventloop.delay.mean': eventLoop('Mean'),
  'nodejs.eventloop.delay.stddev': eventLoop('Standard deviation of the'),
  'nodejs.eventloop.delay.p50': eventLoop('Median'),
  'nodejs.eventloop.delay.p90': eventLoop('90th percentile of the'),
  'nodejs.eventloop.delay.p99': eventLoop('99th percentile of the'),
  'nodejs.eventloop.utilization': {
    kind: 'gauge',
    unit: '1',
    labels: [],
    help: 'Part of the time in which the event loop was busy, since the last reading.',
  },
  'nodejs.eventloop.time': {
    kind: 'counter',
    unit: 's',
    labels: ['nodejs.eventloop.state'],
    help: 'Time that the event loop was active or idle.',
  },
  'v8js.memory.heap.used': {
    kind: 'gauge',
    unit: 'By',
    labels: ['v8js.heap.space.name'],
    help: 'Heap in use, by space.',
  },
  'v8js.memory.heap.limit': { kind: 'gauge', unit: 'By', labels: [], help: 'Heap at which the process ends for want of memory.' },
  'v8js.gc.duration': {
    kind: 'histogram',
    unit: 's',
    labels: ['v8js.gc.type'],
    help: 'Time of a garbage collection.',
  },
} as const satisfies Readonly<Record<string, MetricEntry>>;

export type MetricName = keyof typeof METRICS;
/** Names of one kind. */
export type MetricOf<Kind extends MetricEntry['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

const SUFFIXES: Readonly<Record<string, string>> = { s: '_seconds', By: '_bytes', '1': '_ratio' };

/** `http.server.request.duration` is `http_server_request_duration_seconds` to Prometheus. */
export function prometheusName(name: MetricName): string {
  return `${instrumentName(name)}${METRICS[name].kind === 'counter' ? '_total' : ''}`;
}

/** The same, as the SDK is given it: it adds the `_total` of counters. */
export function instrumentName(name: MetricName): string {
  return `${name.replaceAll('.', '_')}${SUFFIXES[METRICS[name].unit] ?? ''}`;
}

function eventLoop(which: string): MetricEntry & { readonly kind: 'gauge' } {
  return { kind: 'gauge', unit: 's', labels: [], help: `${which} delay of the event loop, since the last reading.` };
}
