export { DefinitionCatalog, type AppliedSet, type ApplyOutcome, type StoredDocument } from './catalog.js';
export { graphDefinitionsOf, identityRulesOf, planOf, viewed, viewFor } from './views.js';
