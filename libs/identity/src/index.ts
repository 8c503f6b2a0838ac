export {
  createSpells,
  fragmentId,
  isDevice,
  nodeOfFragment,
  placeEvent,
  readSpells,
  UNKNOWN_SPELL,
  writeSpells,
} from './spells.js';
export type { Placement, Spells } from './spells.js';
