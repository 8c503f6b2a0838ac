// The rules of the repository: one registry. A rule has a name, which says what holds, and a check that gives what does not hold:
// { path, line?, what }. For each one test/tidy.test.mjs plants a violation, and fails where a rule has none planted.
import { environment, headers, leftovers, names, privacy, readmes, sizes } from './rules/code.mjs';
import { links, messages } from './rules/documents.mjs';
import { adapters, cycles, decisionsAlone, declared, direction, doors, used } from './rules/imports.mjs';
import { licences, origins, pins, scripts } from './rules/packages.mjs';

export const RULES = {
  direction,
  adapters,
  decisionsAlone,
  declared,
  used,
  doors,
  cycles,
  environment,
  names,
  headers,
  readmes,
  sizes,
  leftovers,
  privacy,
  pins,
  origins,
  scripts,
  licences,
  links,
  messages,
};
