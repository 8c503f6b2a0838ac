export { DefinitionCatalog, type AppliedSet, type ApplyOutcome, type StoredDocument } from './catalog.js';
