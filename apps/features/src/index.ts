export { composeFeatures } from './compose-features.js';
