// `node tools/deploy/topics.mjs`: writes the topics of the Helm chart, as libs/log-kafka plans them. That both are equal is a test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../run/root.mjs';

export const TOPICS_FILE = 'deploy/helm/tessera/files/topics.json';

/** Text of the chart's file. Replication belongs to the chart's values, and so does the retention of what keeps history. */
export function topicsText(topics, topicPlans) {
  const plans = topicPlans({ clock: 'append', prefix: 'any', partitions: 64 });
  const rows = plans.map(({ id, settings }) => {
    const { partitions, policy, retentionDays, audience } = topics[id];
    const keepsHistory = policy === 'delete' && retentionDays === null;
    const config = { ...settings };
    if (keepsHistory) delete config['retention.ms'];
    return { id, partitions, audience, keepsHistory, config };
  });
  return `${JSON.stringify(rows, null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) {
  const { TOPICS } = await import('../../libs/contracts/src/topics.ts');
  const { topicPlans } = await import('../../libs/log-kafka/src/topic-plan.ts');
  writeFileSync(join(ROOT, TOPICS_FILE), topicsText(TOPICS, topicPlans));
}
