// Documents: links that lead somewhere, messages with a comment.
import { deadLinks } from '../../docs/links.mjs';

export const links = {
  name: 'links in documents lead to a file and a heading that exist',
  check: (tree) => deadLinks(tree),
};

export const messages = {
  name: 'every message and service in proto/ says what it is (a request and its answer are said by their method)',
  check(tree) {
    const violations = [];
    for (const path of tree.under('proto/', '.proto')) {
      const lines = tree.lines(path);
      lines.forEach((line, i) => {
        const [, name] = /^(?:message|service|enum) (\w+)/.exec(line) ?? [];
        if (name === undefined || /(Request|Response)$/.test(name)) return;
        if (!lines[i - 1]?.trim().startsWith('//')) violations.push({ path, line: i + 1, what: `${name} has no comment` });
      });
    }
    return violations;
  },
};
