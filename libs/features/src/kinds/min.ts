// min: the least value.
import { extreme } from './extreme.js';

export const min = extreme(Math.min);
