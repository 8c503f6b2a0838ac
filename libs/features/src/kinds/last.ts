// last: the value of the latest event.
import { stamped } from './stamped.js';

export const last = stamped(1);
