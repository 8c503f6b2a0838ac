export * from './murmur2.js';
export * from './digest.js';
