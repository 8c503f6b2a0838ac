export * from './ports.js';
export * from './stage.js';
