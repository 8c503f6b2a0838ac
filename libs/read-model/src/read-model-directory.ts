// Who a person is, as decisions know them: the one reading of the read model, asked by segments too.
import { identityRulesOf, type DefinitionCatalog } from '@tessera/catalog';
import type { Person } from '@tessera/contracts';
import { readPerson, type AskedPerson } from '@tessera/decisions';
import type { ReadModel } from './read-model.js';

export interface FoundPerson {
  /** Also of a person who is not known: where they would be. */
  readonly profile: string;
  readonly known: boolean;
}

export interface ReadModelDirectoryOptions {
  readonly readModel: Pick<ReadModel, 'get'>;
  readonly catalog: DefinitionCatalog;
  readonly secretOf: (workspace: string) => string;
}

export class ReadModelDirectory {
  constructor(private readonly options: ReadModelDirectoryOptions) {}

  async find(workspace: string, person: Person): Promise<FoundPerson> {
    const { readModel, catalog, secretOf } = this.options;
    const active = catalog.active(workspace);
    const reading = readPerson({
      workspace,
      secret: secretOf(workspace),
      person: asked(person),
      identityRules: identityRulesOf(active),
      // A membership makes a profile known, so all of them are looked for.
      segments: (active?.segments ?? []).map(({ name }) => name),
    });
    let step = reading.next();
    while (!step.done) step = reading.next(await readModel.get(step.value));
    const { profile, known } = step.value;
    return { profile, known };
  }
}

function asked({ profileId, userId, anonymousId, identities }: Person): AskedPerson {
  return { profileId, userId, anonymousId, identities: Object.entries(identities) };
}
