export { addChoices, answersOf, choicesOf, consentOfContext, mergeConsent, readConsent, writeConsent } from './consent.js';
export type { Consent } from './consent.js';
