// Who is meant on a command line: one of --user, --anonymous, --identity, --profile.
import type { Person } from '@tessera/contracts';
import type { Command } from 'commander';
import { UsageError } from '../verb.js';

export interface PersonOptions {
  readonly user?: string;
  readonly anonymous?: string;
  readonly identity?: string;
  readonly profile?: string;
}

export function withPerson(command: Command): Command {
  return command
    .option('--user <id>', 'user id')
    .option('--anonymous <id>', 'anonymous id (device)')
    .option('--identity <ns:value>', 'another identity, e.g. email:ada@example.org')
    .option('--profile <id>', 'profile id');
}

export function personOf({ user, anonymous, identity, profile }: PersonOptions): Person {
  const given = [user, anonymous, identity, profile].filter((one) => one !== undefined).length;
  if (given !== 1) {
    const found = given === 0 ? 'none' : String(given);
    throw new UsageError(`a person is named by one of --user, --anonymous, --identity and --profile; found ${found}`);
  }
  if (user !== undefined) return { userId: user, identities: {} };
  if (anonymous !== undefined) return { anonymousId: anonymous, identities: {} };
  if (profile !== undefined) return { profileId: profile, identities: {} };
  return parsePerson(identity as string, '--identity');
}

/** `user:42`, `anonymous:d-1`, `profile:p_…` or any `namespace:value`. */
export function parsePerson(text: string, where: string): Person {
  const colon = text.indexOf(':');
  if (colon < 1 || colon === text.length - 1) {
    throw new UsageError(`${where}: found "${text}", allowed is namespace:value, for example user:42 or email:ada@example.org`);
  }
  const [namespace, value] = [text.slice(0, colon), text.slice(colon + 1)];
  switch (namespace) {
    case 'user':
    case 'user_id':
      return { userId: value, identities: {} };
    case 'anonymous':
    case 'anonymous_id':
      return { anonymousId: value, identities: {} };
    case 'profile':
      return { profileId: value, identities: {} };
    default:
      return { identities: { [namespace]: value } };
  }
}
