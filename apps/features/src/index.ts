export { createFeatures, type Features } from './create-features.js';
