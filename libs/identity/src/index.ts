export {
  createSpells,
  fragmentId,
  isDevice,
  nodeOfFragment,
  placeEvent,
  readSpells,
  UNKNOWN_SPELL,
  writeSpells,
} from './spells.js';
export type { Placement, Spells } from './spells.js';
export { IDENTIFIER_LENGTH_MAX, normalizeIdentifier } from './identifiers.js';
export type { Normalization, Normalized, UnusableReason } from './identifiers.js';
export { compileIdentityRules, DEFAULT_IDENTITY_RULES } from './rules.js';
export type {
  CompiledIdentityRules,
  CompiledRules,
  IdentityRulesSpec,
  NamespaceRule,
  NamespaceSpec,
  RuleProblem,
} from './rules.js';
export { resolveIdentities } from './resolve-identities.js';
export type { IdentifyingFields, IgnoredIdentifier, ResolvedIdentities } from './resolve-identities.js';
export { linksKeyOf, pairsOf, STRENGTH } from './links.js';
export type { Pair } from './links.js';
export { createIdentityStage } from './identity-stage.js';
export type { IdentityStage, SenderIdentity } from './identity-stage.js';
export { nodeOf, ownFragment, spellNode } from './nodes.js';
export type { Node } from './nodes.js';
export { deviceKey, nodeKey } from './graph-documents.js';
export type { DeviceDocument, Evidence, GraphDocument, NodeDocument, StoredLink } from './graph-documents.js';
export { canonicalGraph } from './graph.js';
export type { CanonicalGraph, Component, GraphLink, Refusal } from './graph.js';
export { neighbourhoodOf } from './neighbourhood.js';
export type { JudgedLink, Neighbourhood, ReadNode, Verdict } from './neighbourhood.js';
export { createGraphStage } from './graph-stage.js';
export type { GraphDefinitions, GraphOptions, GraphStage } from './graph-stage.js';
export type { GraphState } from './graph-state.js';
export { queryGraph } from './graph-reader.js';
export type { GraphReader, LoadGraphDocuments } from './graph-reader.js';
export { nodesOfPerson, planUnlink, whoIs, whyIs } from './who.js';
export type { Ends, UnlinkPlan, WhoAnswer, WhyAnswer } from './who.js';
