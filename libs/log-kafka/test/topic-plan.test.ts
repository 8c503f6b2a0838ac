import { describe, expect, test } from '@jest/globals';
import type { FoundTopic } from '../src/client.js';
import { topicFaults, topicPlans, type TopicPlan } from '../src/topic-plan.js';

const plans = (of: Partial<Parameters<typeof topicPlans>[0]> = {}) =>
  new Map(topicPlans({ clock: 'append', prefix: 'p', partitions: 8, ...of }).map((plan) => [plan.id, plan]));

function found({ partitions, settings }: TopicPlan, change: Partial<Record<string, string>> = {}): FoundTopic {
  return { partitions, settings: new Map(Object.entries({ ...settings, ...change }) as [string, string][]) };
}

describe('topics as they must be', () => {
  test('follow the topic table: names, partitions, policy, stamps, retention', () => {
    const all = plans({ retentionDays: 10 });
    expect(all.get('events')).toMatchObject({
      name: 'p.events.v1',
      partitions: 8,
      settings: {
        'cleanup.policy': 'delete',
        'message.timestamp.type': 'LogAppendTime',
        'retention.ms': String(10 * 86_400_000),
      },
    });
    expect(all.get('definitions')).toMatchObject({
      partitions: 1,
      settings: { 'cleanup.policy': 'compact', 'retention.ms': '-1' },
    });
    expect(all.get('segment-changes')?.settings['retention.ms']).toBe(String(30 * 86_400_000));
  });

  test('with an event clock the stamps are the writers’, never cleaned by time, and the log’s own topics keep the broker’s', () => {
    const all = plans({ clock: 'event' });
    expect(all.get('fragments')?.settings).toMatchObject({ 'message.timestamp.type': 'CreateTime', 'retention.ms': '-1' });
    expect(all.get('audit')?.settings).toMatchObject({ 'message.timestamp.type': 'LogAppendTime' });
  });

  test('three copies need two in sync', () => {
    expect(plans({ replication: 3 }).get('events')).toMatchObject({ replication: 3, settings: { 'min.insync.replicas': '2' } });
    expect(plans().get('events')?.settings).not.toHaveProperty('min.insync.replicas');
  });

  test('a topic with another partition count, policy, stamp or room is refused with what was found and what to do', () => {
    const plan = plans().get('segment-memberships') as TopicPlan;
    expect(topicFaults(plan, found(plan))).toEqual([]);
    expect(topicFaults(plan, found(plan, { 'retention.ms': '1000', 'segment.ms': '7' }))).toEqual([]);
    const wrong = {
      ...found(plan, { 'cleanup.policy': 'delete', 'message.timestamp.type': 'CreateTime', 'max.message.bytes': '1048588' }),
    };
    const faults = topicFaults(plan, { ...wrong, partitions: 3 });
    expect(faults.map((fault) => fault.slice(0, 110))).toEqual([
      expect.stringContaining('has 3 partitions, and this deployment has 8'),
      expect.stringContaining('has cleanup.policy=delete, wanted is compact'),
      expect.stringContaining('has message.timestamp.type=CreateTime, wanted is LogAppendTime'),
      expect.stringContaining('has max.message.bytes=1048588, wanted are at least'),
    ]);
    expect(faults[3]).toContain('kafka-configs --alter');
  });
});
