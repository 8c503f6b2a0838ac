// Who a person is, as decisions know them: the one reading of the read model, asked by segments too.
import type { FoundPerson, PersonDirectory } from '@tessera/app-segments';
import type { StoreReadModel } from '@tessera/app-decisions';
import { identityRulesOf, type DefinitionCatalog } from '@tessera/catalog';
import type { Person } from '@tessera/contracts';
import { readPerson, type AskedPerson } from '@tessera/decisions';

export class ReadModelDirectory implements PersonDirectory {
  constructor(
    private readonly readModel: StoreReadModel,
    private readonly catalog: DefinitionCatalog,
    private readonly secretOf: (workspace: string) => string,
  ) {}

  async find(workspace: string, person: Person): Promise<FoundPerson> {
    const active = this.catalog.active(workspace);
    const reading = readPerson({
      workspace,
      secret: this.secretOf(workspace),
      person: asked(person),
      identityRules: identityRulesOf(active),
      // A membership makes a profile known, so all of them are looked for.
      segments: (active?.segments ?? []).map(({ name }) => name),
    });
    let step = reading.next();
    while (!step.done) step = reading.next(await this.readModel.get(step.value));
    const { profile, known } = step.value;
    return { profile, known };
  }
}

function asked({ profileId, userId, anonymousId, identities }: Person): AskedPerson {
  return { profileId, userId, anonymousId, identities: Object.entries(identities) };
}
