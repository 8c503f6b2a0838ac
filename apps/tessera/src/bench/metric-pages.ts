// What the processes of a run say of themselves, between two looks at their /metrics: CPU seconds, and how old events were at each hop.
import { readExposition, type MetricSample } from '@tessera/testkit';

/** Address of the operations door, by process. */
export type OpsDoors = Readonly<Record<string, string>>;

export interface ProcessReadings {
  readonly cpuSeconds: number;
  /** Of records on their way: seconds since their event was accepted, and how many were told, by topic or by stage. */
  readonly ages: Readonly<Record<string, { readonly seconds: number; readonly count: number }>>;
}

export async function readProcesses(doors: OpsDoors): Promise<Readonly<Record<string, ProcessReadings>>> {
  const pages = Object.entries(doors).map(async ([name, url]) => {
    const answer = await fetch(`${url}/metrics`);
    return [name, readingsOf(await answer.text())] as const;
  });
  return Object.fromEntries(await Promise.all(pages));
}

const AGES = { topic: 'tessera_topic_freshness_seconds', stage: 'tessera_stage_freshness_seconds' } as const;

export function readingsOf(page: string): ProcessReadings {
  const families = readExposition(page);
  const samples = (name: string): readonly MetricSample[] => families.get(name)?.samples ?? [];
  const ages: Record<string, { seconds: number; count: number }> = {};
  for (const [label, family] of Object.entries(AGES)) {
    for (const { name, labels, value } of samples(family)) {
      const age = (ages[`${label} ${labels[label] ?? ''}`] ??= { seconds: 0, count: 0 });
      if (name.endsWith('_sum')) age.seconds += value;
      if (name.endsWith('_count')) age.count += value;
    }
  }
  return { cpuSeconds: samples('process_cpu_time_seconds_total').reduce((sum, { value }) => sum + value, 0), ages };
}

/** Mean milliseconds since acceptance, by hop, of what was told between two readings. */
export function meanAges(
  before: Readonly<Record<string, ProcessReadings>>,
  after: Readonly<Record<string, ProcessReadings>>,
): Readonly<Record<string, number>> {
  const means: Record<string, number> = {};
  for (const [name, { ages }] of Object.entries(after)) {
    for (const [hop, { seconds, count }] of Object.entries(ages)) {
      const past = before[name]?.ages[hop] ?? { seconds: 0, count: 0 };
      if (count > past.count) means[hop] = Math.round(((seconds - past.seconds) / (count - past.count)) * 10_000) / 10;
    }
  }
  return means;
}
