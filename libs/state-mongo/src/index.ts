export { stateMongo } from './state-mongo.js';
