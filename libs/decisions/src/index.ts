export { ActivationTracker } from './activation.js';
export type { ActiveSet } from './activation.js';
export { STALE_AFTER_MS, decide } from './decide.js';
export type { DecideInput } from './decide.js';
export { PAYLOAD_CHARACTERS_MAX } from './payload.js';
export { NOBODY, readPerson } from './person.js';
export type { Person, PersonAnswer, PersonQuery, ReadContent, ReadKey } from './person.js';
export { DEADLINE_MS_DEFAULT, SLOTS_MAX, parseQuestion, problemText } from './question.js';
export type { AskedPerson, ParsedQuestion, Question, RequestProblem } from './question.js';
export { READ_MODEL_STAGES, assignmentsStage, featuresStage, membershipsStage } from './read-model.js';
export type {
  Assignment,
  AssignmentDocument,
  FeaturesDocument,
  Membership,
  MembershipDocument,
  PublishedFeatures,
} from './read-model.js';
export { PayloadCache, payloadProblem, planOf, segmentsOf } from './slots.js';
export type { DecisionDefinitions, DecisionPlan } from './slots.js';
