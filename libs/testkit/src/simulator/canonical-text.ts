// Records as text that does not depend on the order of keys; absent and undefined are the same.

export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (inner instanceof Uint8Array) return `bytes:${Buffer.from(inner).toString('base64')}`;
    if (inner === null || typeof inner !== 'object' || Array.isArray(inner)) return inner;
    return Object.fromEntries(
      Object.entries(inner)
        .filter(([, held]) => held !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
  });
}
