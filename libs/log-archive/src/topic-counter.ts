// Counts by topic, for metrics: a topic of which nothing was counted is there with 0, so that its series begins with the process.
import type { TopicId } from '@tessera/contracts';

export class TopicCounter extends Map<TopicId, number> {
  constructor(topics: readonly TopicId[]) {
    super(topics.map((topic) => [topic, 0]));
  }

  add(topic: TopicId, count: number): void {
    this.set(topic, (this.get(topic) ?? 0) + count);
  }
}
