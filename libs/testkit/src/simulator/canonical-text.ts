// Records as text that does not depend on the order of keys; absent and undefined are the same.

export function canonicalText(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalText).join()}]`;
  if (value instanceof Uint8Array) return `"bytes:${Buffer.from(value).toString('base64')}"`;
  const object = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const key of Object.keys(object).sort()) {
    const held = object[key];
    if (held !== undefined) text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalText(held)}`;
  }
  return `{${text}}`;
}
