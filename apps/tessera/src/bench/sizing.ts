// From what an event and a profile cost to what a month of them needs. Every assumption has a name and a value; nothing is rounded up
// in silence. docs/operations/sizing.md shows the arithmetic and says what is measured and what is assumed.
import { thousandths } from './parts.js';

/** Measured. */
export interface UnitCosts {
  /** CPU seconds of our processes per million events: all of them, and the dearest one. */
  readonly cpuSecondsPerMillion: number;
  readonly dearestCpuSecondsPerMillion: number;
  /** Of all topics, before compression. */
  readonly logBytesPerEvent: number;
  /** Of topics that are kept for days, without the compacted ones. */
  readonly keptBytesPerEvent: number;
  /** Of all documents, and of all records of compacted topics, of one profile. */
  readonly stateBytesPerProfile: number;
  readonly compactedBytesPerProfile: number;
}

/** Assumed, and to be replaced by what is known of a deployment. */
export interface Assumptions {
  readonly eventsPerProfileAndMonth: number;
  /** The busiest seconds against the mean of the month. */
  readonly peakFactor: number;
  /** Share of a core that is used at the peak. */
  readonly cpuUse: number;
  readonly replicas: number;
  /** Of batches in the broker; 1 is none. */
  readonly compression: number;
  readonly brokerDays: number;
  /** Share of a disk that is full. */
  readonly diskUse: number;
  readonly brokerBytesPerSecond: number;
  readonly brokerDiskBytes: number;
  readonly shardBytes: number;
  readonly shardWritesPerSecond: number;
  /** Documents that are written per event, of all stages: a busy one is written once per checkpoint. */
  readonly writesPerEvent: number;
  readonly partitionsMin: number;
}

export const ASSUMPTIONS: Assumptions = {
  eventsPerProfileAndMonth: 20,
  peakFactor: 5,
  cpuUse: 0.6,
  replicas: 3,
  compression: 1,
  brokerDays: 3,
  diskUse: 0.6,
  brokerBytesPerSecond: 50e6,
  brokerDiskBytes: 4e12,
  shardBytes: 1e12,
  shardWritesPerSecond: 10_000,
  writesPerEvent: 4,
  partitionsMin: 64,
};

export interface Plan {
  readonly eventsPerMonth: number;
  readonly eventsPerSecond: number;
  readonly peakEventsPerSecond: number;
  readonly profiles: number;
  /** Of all our processes at the peak. */
  readonly cores: number;
  /** Instances of the dearest service: a process has one core. */
  readonly dearestInstances: number;
  readonly partitions: number;
  readonly logBytesPerDay: number;
  readonly brokerDiskBytes: number;
  readonly brokers: number;
  /** Why so many: what they write, what they hold, or their least number. */
  readonly brokersBecauseOf: 'throughput' | 'disk' | 'replicas';
  readonly stateBytes: number;
  readonly shards: number;
  readonly shardsBecauseOf: 'writes' | 'bytes';
}

const MONTH_SECONDS = 30 * 86_400;
const MONTH_DAYS = 30;
/** So that instances can be added: partitions are fixed when the log is made. */
const PARTITIONS_PER_INSTANCE = 4;

export function planFor(eventsPerMonth: number, costs: UnitCosts, assumed: Assumptions = ASSUMPTIONS): Plan {
  const mean = eventsPerMonth / MONTH_SECONDS;
  const peak = mean * assumed.peakFactor;
  const profiles = eventsPerMonth / assumed.eventsPerProfileAndMonth;
  const cores = (peak * costs.cpuSecondsPerMillion) / 1e6 / assumed.cpuUse;
  const dearestInstances = Math.max(2, Math.ceil((peak * costs.dearestCpuSecondsPerMillion) / 1e6 / assumed.cpuUse));
  const onDisk = assumed.replicas / assumed.compression;
  const logBytesPerDay = (eventsPerMonth / MONTH_DAYS) * costs.logBytesPerEvent;
  const kept = (eventsPerMonth / MONTH_DAYS) * costs.keptBytesPerEvent * assumed.brokerDays;
  const brokerDiskBytes = ((kept + profiles * costs.compactedBytesPerProfile) * onDisk) / assumed.diskUse;
  const brokersBy = {
    replicas: assumed.replicas,
    throughput: Math.ceil((peak * costs.logBytesPerEvent * onDisk) / assumed.brokerBytesPerSecond),
    disk: Math.ceil(brokerDiskBytes / assumed.brokerDiskBytes),
  };
  const stateBytes = profiles * costs.stateBytesPerProfile;
  const shardsBy = {
    bytes: Math.ceil(stateBytes / assumed.shardBytes),
    writes: Math.ceil((peak * assumed.writesPerEvent) / assumed.shardWritesPerSecond),
  };
  return {
    eventsPerMonth,
    eventsPerSecond: Math.round(mean),
    peakEventsPerSecond: Math.round(peak),
    profiles: Math.round(profiles),
    cores: thousandths(cores),
    dearestInstances,
    partitions: powerOfTwo(Math.max(assumed.partitionsMin, dearestInstances * PARTITIONS_PER_INSTANCE)),
    logBytesPerDay: Math.round(logBytesPerDay),
    brokerDiskBytes: Math.round(brokerDiskBytes),
    brokers: Math.max(...Object.values(brokersBy)),
    brokersBecauseOf: greatest(brokersBy),
    stateBytes: Math.round(stateBytes),
    shards: Math.max(...Object.values(shardsBy)),
    shardsBecauseOf: greatest(shardsBy),
  };
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}

/** The first of the greatest. */
function greatest<Name extends string>(by: Readonly<Record<Name, number>>): Name {
  const names = Object.keys(by) as Name[];
  return names.reduce((best, name) => (by[name] > by[best] ? name : best));
}
