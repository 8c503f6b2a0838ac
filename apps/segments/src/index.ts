export { createSegments, type Segments } from './create-segments.js';
