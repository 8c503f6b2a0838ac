// Dead links in documents: relative ones must name a file or folder of the repository, and a heading of it where they name one.
// Addresses of the web are not asked for: a check must not depend on the network.

/** { path, line, what } of every dead link. */
export function deadLinks(tree) {
  const dead = [];
  for (const path of tree.paths.filter((candidate) => candidate.endsWith('.md'))) {
    for (const { target, line } of linksOf(tree.text(path))) {
      const what = problemOf(tree, path, target);
      if (what !== undefined) dead.push({ path, line, what });
    }
  }
  return dead;
}

/** Links and images outside of code: { target, line }. */
export function linksOf(text) {
  const found = [];
  let inFence = false;
  text.split('\n').forEach((line, i) => {
    if (/^\s*(```|~~~)/.test(line)) inFence = !inFence;
    if (inFence) return;
    const prose = line.replace(/`[^`]*`/g, (code) => ' '.repeat(code.length));
    for (const [, target] of prose.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)) found.push({ target, line: i + 1 });
    const [, reference] = /^\[[^\]]+\]:\s*(\S+)/.exec(prose) ?? [];
    if (reference !== undefined) found.push({ target: reference, line: i + 1 });
  });
  return found;
}

function problemOf(tree, from, target) {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return undefined;
  const [file, anchor] = target.split('#');
  const path = file === '' ? from : resolve(from, decodeURIComponent(file));
  if (path === undefined || (path !== '' && !tree.holds(path))) return `${target} leads nowhere`;
  if (anchor === undefined || !path.endsWith('.md')) return undefined;
  return anchorsOf(tree.text(path)).has(anchor.toLowerCase()) ? undefined : `${target} names no heading of ${path}`;
}

// Undefined where the path leaves the repository.
function resolve(from, to) {
  const parts = to.startsWith('/') ? [] : from.split('/').slice(0, -1);
  for (const part of to.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) return undefined;
    } else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}

/** Anchors of the headings, as GitHub makes them. */
export function anchorsOf(text) {
  const anchors = new Set();
  const counts = new Map();
  let inFence = false;
  for (const line of text.split('\n')) {
    if (/^\s*(```|~~~)/.test(line)) inFence = !inFence;
    const [, title] = inFence ? [] : (/^#{1,6}\s+(.+?)\s*#*$/.exec(line) ?? []);
    for (const [, id] of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id.toLowerCase());
    if (title === undefined) continue;
    const slug = slugOf(title);
    const seen = counts.get(slug) ?? 0;
    counts.set(slug, seen + 1);
    anchors.add(seen === 0 ? slug : `${slug}-${String(seen)}`);
  }
  return anchors;
}

function slugOf(title) {
  return title
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}
