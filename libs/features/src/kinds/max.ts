// max: the greatest value.
import { extreme } from './extreme.js';

export const max = extreme(Math.max);
