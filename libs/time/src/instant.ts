// Instants: RFC 3339 in and out, milliseconds since the epoch inside.

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2}))?$/;

/** Milliseconds since the epoch (finer digits are cut); a bare date is its midnight UTC; undefined where it is no instant. */
export function parseInstant(text: string): number | undefined {
  const match = RFC3339.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone = 'Z'] = match;
  // Date.parse takes 24:00 for the next midnight; RFC 3339 has no such hour.
  if (hour === '24') return undefined;
  const ms = Date.parse(
    `${year as string}-${month as string}-${day as string}T${hour}:${minute}:${second === '60' ? '59' : second}.${fraction.padEnd(3, '0').slice(0, 3)}${zone.toUpperCase()}`,
  );
  if (Number.isNaN(ms)) return undefined;
  const days = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  return Number(day) <= days ? ms : undefined;
}

/** RFC 3339 UTC with milliseconds. */
export function formatInstant(ms: number): string {
  return new Date(ms).toISOString();
}
