export { objectStore } from './object-store.js';
