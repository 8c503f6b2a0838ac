// Paths into values: `properties.price`, `address.country`, `items.0.sku`.
// P1 Only own properties: a path never reaches a prototype (`constructor`, `__proto__`) or the length of an array.

/** Reads one path of a value; undefined where it leads nowhere. Segments are split once, when definitions are compiled. */
export function compilePath(path: string): (root: unknown) => unknown {
  const [first = '', second, ...more] = path.split('.');
  if (second === undefined) return (root) => own(root, first);
  if (more.length === 0) return (root) => own(own(root, first), second);
  const names = [first, second, ...more];
  return (root) => {
    let value = root;
    for (const name of names) value = own(value, name);
    return value;
  };
}

function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return name === 'length' && Array.isArray(value) ? undefined : (value as Readonly<Record<string, unknown>>)[name];
}
