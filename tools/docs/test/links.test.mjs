import { describe, expect, test } from '@jest/globals';
import { treeOfTexts } from '../../repository/tree.mjs';
import { anchorsOf, deadLinks, linksOf } from '../links.mjs';

describe('links of a document', () => {
  test('are inline ones, images and references', () => {
    expect(linksOf('[a](b.md) and ![c](d.png "title")\n[e]: f.md\n[g](<h.md>)')).toEqual([
      { target: 'b.md', line: 1 },
      { target: 'd.png', line: 1 },
      { target: 'f.md', line: 2 },
      { target: 'h.md', line: 3 },
    ]);
  });

  test('are not what stands in code', () => {
    expect(linksOf('`[a](b.md)`\n```\n[c](d.md)\n```\n[e](f.md)')).toEqual([{ target: 'f.md', line: 5 }]);
  });
});

test('anchors are made as GitHub makes them', () => {
  const text = '# One & two\n## `step`, fire\n## Same\n## Same\n```\n# no heading\n```\n### 7. A [link](x.md)\n<a id="here"></a>';
  expect([...anchorsOf(text)]).toEqual(['one--two', 'step-fire', 'same', 'same-1', '7-a-link', 'here']);
});

test('a link may lead to a file, a folder, a heading and the web, from any folder', () => {
  const tree = treeOfTexts({
    'README.md':
      '# Top\n[a](docs), [b](docs/a.md#under), [c](https://example.com), [d](#top), [e](mailto:a@example.com), [f](/docs/a.md)',
    'docs/a.md': '# Under\n[up](../README.md#top) [me](./a.md) [space](with%20space.txt)',
    'docs/with space.txt': '',
  });
  expect(deadLinks(tree)).toEqual([]);
});
