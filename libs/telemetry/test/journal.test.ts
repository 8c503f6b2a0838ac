import { PassThrough } from 'node:stream';
import { keyOf } from '@tessera/contracts';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createJournal, readTraceConfig, Tracing, type Journal, type JournalLevel } from '../src/index.js';

function journalInto(level: JournalLevel): {
  readonly journal: Journal;
  lines(): readonly Record<string, unknown>[];
  text(): string;
} {
  const stream = new PassThrough();
  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const lines = () => text.trim().split('\n').filter(Boolean).map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
  return { journal: createJournal(level, stream), lines, text: () => text };
}

describe('the journal', () => {
  const tracing = new Tracing(
    readTraceConfig({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, 'test'),
  );
  afterAll(() => tracing.close());

  test('is JSON lines with a severity; an alert says that it is one', () => {
    const { journal, lines } = journalInto('warn');
    journal.info('quiet');
    journal.warn('odd', { partition: 2 });
    journal.alert('halted', { stage: 'features' });
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown;
    expect(lines()).toEqual([
      { severity: 'WARN', time, msg: 'odd', partition: 2 },
      { severity: 'ERROR', time, msg: 'halted', stage: 'features', alert: true },
    ]);
  });

  test('names the trace that a line belongs to', () => {
    const { journal, lines } = journalInto('info');
    const span = tracing.start({ name: 'test', kind: 'server', attributes: {} });
    const { traceId, spanId } = span?.spanContext() ?? {};
    tracing.within(span, () => journal.info('inside'));
    journal.info('outside');
    expect(traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(lines()).toMatchObject([{ trace_id: traceId, span_id: spanId }, {}]);
    expect(lines()[1]).not.toHaveProperty('trace_id');
  });

  test.each([
    ['an address in a text', 'could not read ada@example.com at all', 'could not read [e-mail] at all'],
    ['an escaped address', 'no ada%40example.com', 'no [e-mail]'],
    [
      'the key of a sender',
      `a timer of ${keyOf('main', 'sender', 'user_id:42')} did not fire`,
      'a timer of main/sender/[id] did not fire',
    ],
    ['the key of a node, quoted', `{ _id: "${keyOf('main', 'node', 'email:a b', 'x')}" }`, '{ _id: "main/node/[id]" }'],
    ['an identifier', 'anonymous_id:d0 and userId: "42"', 'anonymous_id:[id] and userId: "[id]"'],
    ['nothing of anybody', 'stage features partition 3 is halted', 'stage features partition 3 is halted'],
  ])('names nobody: %s', (_case, told, kept) => {
    const { journal, lines } = journalInto('info');
    journal.alert(told, { error: told, deep: [{ cause: new Error(told) }] });
    const [line] = lines();
    expect([line?.['msg'], line?.['error']]).toEqual([kept, kept]);
    expect(JSON.stringify(line?.['deep'])).toContain(JSON.stringify(kept).slice(1, -1));
  });
});
