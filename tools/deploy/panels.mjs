// What the dashboard shows: rows of panels, each with a unit as Grafana names it and its queries by legend.
// Every query is within the namespace that is chosen above; `.*` where there is none.

const IN = 'namespace=~"$namespace"';

/** Per second, of a counter, by labels. */
const rate = (metric, by, matchers = '') => `sum by (${by}) (rate(${metric}{${IN}${matchers}}[$__rate_interval]))`;

/** A quantile of a histogram, by labels. */
const quantile = (q, metric, by, matchers = '') =>
  `histogram_quantile(${String(q)}, sum by (${[...by, 'le'].join(', ')}) (rate(${metric}_bucket{${IN}${matchers}}[$__rate_interval])))`;

const EVENTS = 'tessera_ingestion_events_total';
const HTTP = 'http_server_request_duration_seconds';
const GRPC = 'rpc_server_call_duration_seconds';

/** kind: `stat` is one figure, `time` a course. */
export const ROWS = [
  {
    title: 'At a glance',
    panels: [
      stat('Events accepted per second', 'reqps', `sum(rate(${EVENTS}{${IN}, verdict="accepted"}[$__rate_interval]))`),
      stat('Decisions per second', 'reqps', `sum(rate(tessera_decisions_total{${IN}}[$__rate_interval]))`),
      stat(
        'Segment change after its event, p99',
        's',
        quantile(0.99, 'tessera_topic_freshness_seconds', [], ', topic="segment-changes"'),
        [1, 2.5],
      ),
      stat('Farthest behind', 's', `max(tessera_stage_lag_seconds{${IN}})`, [10, 60]),
      stat('Partitions not running', 'none', `sum(tessera_stage_partitions_not_running{${IN}})`, [1, 1]),
      stat('Records unaccounted for', 'none', `sum(abs(tessera_stage_records_unaccounted{${IN}}))`, [1, 1]),
    ],
  },
  {
    title: 'Ingestion',
    panels: [
      time('Events by verdict', 'reqps', { '{{verdict}}': rate(EVENTS, 'verdict') }),
      time('Events refused, by reason', 'reqps', { '{{reason}}': rate('tessera_ingestion_dead_letters_total', 'reason') }),
      time('Requests turned away, by code', 'reqps', { '{{code}}': rate('tessera_ingestion_requests_refused_total', 'code') }),
      time('Time of a request, by route (p99)', 's', { '{{http_route}}': quantile(0.99, HTTP, ['http_route']) }),
    ],
  },
  {
    title: 'Freshness',
    panels: [
      time('From an event to the record on a topic (p99)', 's', {
        '{{topic}}': quantile(0.99, 'tessera_topic_freshness_seconds', ['topic']),
      }),
      time('From an event to a stage that sees it (p99)', 's', {
        '{{stage}}': quantile(0.99, 'tessera_stage_freshness_seconds', ['stage']),
      }),
      time('Behind the log, in time', 's', { '{{stage}}': `max by (stage) (tessera_stage_lag_seconds{${IN}})` }),
      time('Behind the log, in records', 'short', { '{{stage}}': `sum by (stage) (tessera_stage_lag_records{${IN}})` }),
      time('Timers late (p99)', 's', { '{{stage}}': quantile(0.99, 'tessera_timer_lag_seconds', ['stage']) }),
      time('Age of what decisions read', 's', { '{{instance}}': `tessera_read_model_staleness_seconds{${IN}}` }),
    ],
  },
  {
    title: 'Stages',
    panels: [
      time('Records stepped', 'reqps', {
        '{{stage}}': rate('tessera_stage_records_total', 'stage', ', outcome!="replayed"'),
      }),
      time('Late, dropped, set aside, by reason', 'reqps', {
        '{{stage}} {{reason}}': rate('tessera_stage_reasons_total', 'stage, reason'),
      }),
      time('Records appended', 'reqps', { '{{stage}}': rate('tessera_stage_outputs_total', 'stage') }),
      time('Timers and ticks', 'reqps', {
        'timers {{stage}}': rate('tessera_stage_timers_fired_total', 'stage'),
        'ticks {{stage}}': rate('tessera_stage_ticks_total', 'stage'),
      }),
      time('Partitions owned', 'short', { '{{stage}} {{instance}}': `tessera_stage_partitions{${IN}}` }),
      time('Began again, and writes refused', 'short', {
        'restarts {{stage}}': rate('tessera_stage_restarts_total', 'stage'),
        'refused {{stage}}': rate('tessera_stage_writes_refused_total', 'stage'),
      }),
      time('Documents written', 'reqps', { '{{stage}}': rate('tessera_stage_documents_written_total', 'stage') }),
      time('Time of a checkpoint (p99)', 's', { '{{stage}}': quantile(0.99, 'tessera_checkpoint_duration_seconds', ['stage']) }),
    ],
  },
  {
    title: 'Decisions',
    panels: [
      time('Requests by result', 'reqps', { '{{result}}': rate('tessera_decisions_total', 'result') }),
      time('Slots by status and reason', 'reqps', {
        '{{status}} {{reason}}': rate('tessera_decision_slots_total', 'status, reason'),
      }),
      time('Time of a gRPC call (p99)', 's', { '{{rpc_method}}': quantile(0.99, GRPC, ['rpc_method']) }),
      time('gRPC calls by status', 'reqps', { '{{rpc_status_code}}': rate(`${GRPC}_count`, 'rpc_status_code') }),
    ],
  },
  {
    title: 'Log and store',
    panels: [
      time('Records appended and read', 'reqps', {
        'sent {{messaging_destination_name}}': rate('messaging_client_sent_messages_total', 'messaging_destination_name'),
        'read {{messaging_destination_name}}': rate('messaging_client_consumed_messages_total', 'messaging_destination_name'),
      }),
      time('Time of an append until it is durable (p99)', 's', {
        '{{messaging_destination_name}}': quantile(
          0.99,
          'messaging_client_operation_duration_seconds',
          ['messaging_destination_name'],
          ', messaging_operation_name="send"',
        ),
      }),
      time('Time of an operation of the store (p99)', 's', {
        '{{db_operation_name}}': quantile(0.99, 'db_client_operation_duration_seconds', ['db_operation_name']),
      }),
      time('What failed', 'reqps', {
        'log {{error_type}}': rate('messaging_client_operation_duration_seconds_count', 'error_type', ', error_type!=""'),
        'store {{error_type}}': rate('db_client_operation_duration_seconds_count', 'error_type', ', error_type!=""'),
      }),
      time('Not archived yet, in time', 's', {
        'oldest record {{topic}}': `max by (topic) (tessera_archive_lag_seconds{${IN}})`,
        'since a round without a failure': `max(tessera_archive_staleness_seconds{${IN}})`,
      }),
      time('Records archived, and deleted by their age', 'reqps', {
        'written {{topic}}': rate('tessera_archive_records_written_total', 'topic'),
        'deleted {{topic}}': rate('tessera_archive_records_deleted_total', 'topic'),
      }),
    ],
  },
  {
    title: 'Processes',
    panels: [
      time('CPU', 'percentunit', { '{{instance}}': rate('process_cpu_time_seconds_total', 'instance') }),
      time('Resident memory', 'bytes', { '{{instance}}': `process_memory_usage_bytes{${IN}}` }),
      time('Heap in use', 'bytes', { '{{instance}}': `sum by (instance) (v8js_memory_heap_used_bytes{${IN}})` }),
      time('Delay of the event loop (p99)', 's', { '{{instance}}': `nodejs_eventloop_delay_p99_seconds{${IN}}` }),
      time('Event loop busy', 'percentunit', { '{{instance}}': `nodejs_eventloop_utilization_ratio{${IN}}` }),
      time('Garbage collection', 'percentunit', {
        '{{instance}} {{v8js_gc_type}}': rate('v8js_gc_duration_seconds_sum', 'instance, v8js_gc_type'),
      }),
    ],
  },
];

/** `steps`: from where it is yellow, from where red. */
function stat(title, unit, query, steps) {
  return { kind: 'stat', title, unit, queries: { '': query }, steps };
}

function time(title, unit, queries) {
  return { kind: 'time', title, unit, queries };
}
