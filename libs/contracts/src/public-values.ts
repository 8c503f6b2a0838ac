// The closed lists behind text fields of public records: what a consumer may branch on.
// V1 Within v1 a list only grows, and a consumer passes over what it does not know (docs/compatibility.md).
// V2 A field is named by its message in proto/ and its JSON name.

export const PUBLIC_VALUES: { readonly [field: string]: readonly string[] } = {
  'tessera.changes.v1.SegmentChange.kind': ['entered', 'exited', 'updated'],
  'tessera.changes.v1.SegmentChange.reason': [
    'conditions',
    'expiry',
    'stability',
    'merged',
    'unlinked',
    'definitions',
    'restored',
  ],
  'tessera.changes.v1.DecidedSlot.status': ['OK', 'FALLBACK', 'EMPTY', 'ERROR'],
  'tessera.changes.v1.DecidedSlot.reason': [
    'TARGETING_MATCH',
    'DEFAULT',
    'UNKNOWN_PERSON',
    'UNKNOWN_SLOT',
    'RENDER_ERROR',
    'STALE',
    'TIMEOUT',
    'UNAVAILABLE',
  ],
};
