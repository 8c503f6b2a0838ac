// first: the value of the earliest event.
import { stamped } from './stamped.js';

export const first = stamped(-1);
