export * from './records.js';
export * from './unreadable-record.js';
export * from './keys.js';
export * from './topics.js';
export * from './record-kinds.js';
export * from './cloud-events.js';
export * from './public-values.js';
export { RECORD_CHECKS } from './generated/record-checks.js';
export type { FlawOf } from './field-flaws.js';
export type * from './generated/tessera/log/v1/events.js';
export type * from './generated/tessera/log/v1/links.js';
export type * from './generated/tessera/log/v1/fragments.js';
export type * from './generated/tessera/log/v1/definitions.js';
export type * from './generated/tessera/changes/v1/changes.js';
export type * from './generated/tessera/decisions/v1/decisions.js';
export type * from './generated/tessera/features/v1/features.js';
export type {
  Explanation,
  ExplainRequest,
  ExplainResponse,
  GetMembershipsRequest,
  GetMembershipsResponse,
  ListMembersRequest,
  ListMembersResponse,
  ListSegmentsRequest,
  ListSegmentsResponse,
  Membership,
  SegmentSummary,
} from './generated/tessera/segments/v1/segments.js';
export type * from './generated/tessera/identity/v1/identity.js';
