import { describe, expect, test } from '@jest/globals';
import { ProblemException } from '@tessera/nest';
import { readSentDefinitions } from '../src/admin/sent-definitions.js';

const SEGMENT = {
  apiVersion: 'tessera/v1',
  kind: 'Segment',
  metadata: { name: 'buyers' },
  spec: { when: { event: 'Order Completed' } },
};
const YAML = 'apiVersion: tessera/v1\nkind: Segment\nmetadata: { name: buyers }\nspec: { when: { event: Order Completed } }\n';

const read = (body: unknown): ReturnType<typeof readSentDefinitions> =>
  readSentDefinitions('shop', Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));

function refusalOf(body: unknown): ProblemException {
  try {
    read(body);
  } catch (error) {
    if (error instanceof ProblemException) return error;
  }
  throw new Error('it was not refused');
}

describe('definitions that are sent', () => {
  test.each([
    ['as YAML', YAML, ''],
    ['as one JSON document', SEGMENT, ''],
    ['as a list of documents', [SEGMENT], ''],
    ['as an object with documents and a note', { documents: [SEGMENT], note: 'first' }, 'first'],
    ['as files', { files: [{ name: 'a.yaml', text: YAML }], note: '' }, ''],
  ])('are read %s', (_, body, note) => {
    expect(read(body)).toEqual({ documents: [SEGMENT], note });
  });

  test('may be none at all, when that is said', () => {
    expect(read({ documents: [] })).toEqual({ documents: [], note: '' });
    expect(refusalOf('# nothing\n').facts.next).toContain('{"documents": []}');
  });

  test('are refused with every error, each at its place in its file', () => {
    const wrong = YAML.replace('event:', 'evnt:');
    const { code, facts } = refusalOf({
      files: [
        { name: 'a.yaml', text: YAML },
        { name: 'b.yaml', text: wrong },
      ],
    });
    expect(code).toBe('invalid-definitions');
    expect(facts.errors).toMatchObject([{ file: 'b.yaml', line: 4, place: 'spec.when.evnt' }]);
    expect(facts.detail).toMatch(/^b\.yaml:4:\d+: Segment\/buyers: .*did you mean 'event'\?$/i);
  });

  test('are refused as a set: two documents of one name', () => {
    expect(refusalOf({ documents: [SEGMENT, SEGMENT] }).facts.errors).toMatchObject([{ code: 'duplicate' }]);
  });

  test('name the file that is none', () => {
    expect(refusalOf({ files: [{ name: 'a.yaml' }] }).facts.field).toBe('files[0]');
  });
});
