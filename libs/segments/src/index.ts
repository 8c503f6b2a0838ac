export { EVALUATOR_VERSION } from './compiled.js';
export type {
  CompiledSegment,
  CompiledSet,
  DefinitionDocument,
  Evaluation,
  NamedFeature,
  ProfileView,
  Verdict,
} from './compiled.js';
export { compileSet, hashOfDocument, setHash } from './compile.js';
export type { CompileOptions, CompileOutcome } from './compile.js';
export { canonicalJson } from './language/canonical.js';
export { planChange } from './language/change.js';
export type { PathChange, PlannedChange } from './language/change.js';
export { API_VERSION, KINDS, validateDocument } from './language/document.js';
export type { KindName, Validated } from './language/document.js';
export { formatError } from './language/error.js';
export type { DefinitionError, ErrorCode } from './language/error.js';
export { parseDefinitions } from './language/text.js';
export type { ParsedDefinitions, SourceSpot } from './language/text.js';
export { SCHEMAS } from './schema/schema.js';
export type { ActiveSet, SegmentsPartitionState } from './activation.js';
export { createSegmentsStage } from './segments-stage.js';
export type { SegmentsStage, SegmentsStageOptions } from './segments-stage.js';
export { createPublisherStage } from './publisher-stage.js';
export type { PublisherDocument, PublisherStage } from './publisher-stage.js';
export { membersOf, pathOf } from './profile-document.js';
export type { ProfileDocument } from './profile-document.js';
export { readConsent, readFeatures, readMemberships, readSegment, readTraits } from './reading.js';
export type { SegmentReading } from './reading.js';
