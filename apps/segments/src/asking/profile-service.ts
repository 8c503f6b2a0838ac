// Questions about one profile: its memberships, its features, why it is in a segment. FeatureService and SegmentService answer with it.
// Q1 A person that nobody knows is an answer, not an error: a profile without memberships.
import type { ExplainResponse, GetFeaturesResponse, GetMembershipsResponse, Person } from '@tessera/contracts';
import { ProblemException } from '@tessera/nest';
import { readConsent, readFeatures, readMemberships, readSegment, readTraits } from '@tessera/segments';
import type { ProfileRead, ProfileReader } from './profile-reader.js';

/** Port: who a person is, as the read model of decisions knows it. */
export interface PersonDirectory {
  find(workspace: string, person: Person): Promise<FoundPerson>;
}

export interface FoundPerson {
  /** Also of a person who is not known: where they would be. */
  readonly profile: string;
  readonly known: boolean;
}

export class ProfileService {
  constructor(
    private readonly reader: ProfileReader,
    private readonly directory: PersonDirectory,
  ) {}

  async resolve(workspace: string, person: Person): Promise<FoundPerson> {
    const found = await this.directory.find(workspace, person);
    if (found.profile !== '') return found;
    throw new ProblemException('invalid-field', {
      detail: 'person: found only values that are blocked or cannot be read, allowed is at least one usable identifier.',
      field: 'person',
      next: 'name the person by an identifier that its events carry',
    });
  }

  async memberships(workspace: string, person: Person): Promise<GetMembershipsResponse> {
    const { profile, document, compiled, position } = await this.read(workspace, person);
    return {
      profile,
      memberships: readMemberships(document),
      sequence: document.sequence,
      ...position,
      definitionSet: compiled?.set ?? 0,
    };
  }

  async features(
    workspace: string,
    person: Person,
    names: readonly string[],
    paths: readonly string[],
  ): Promise<GetFeaturesResponse> {
    const { profile, document, compiled, position } = await this.read(workspace, person);
    if (compiled === undefined) {
      const features = names.map((name) => ({
        name,
        status: 'NOT_FOUND',
        value: undefined,
        exactness: 'EXACT',
        nextChange: undefined,
      }));
      return { profile, features, traits: {}, ...position, definitionSet: 0, consent: {} };
    }
    return {
      profile,
      features: readFeatures(document, compiled, names),
      traits: readTraits(document, compiled, paths),
      ...position,
      definitionSet: compiled.set,
      consent: readConsent(document, compiled),
    };
  }

  async explain(workspace: string, person: Person, segment: string): Promise<ExplainResponse> {
    const { profile, document, compiled, position, nowMs } = await this.read(workspace, person);
    const reading = compiled && readSegment(document, compiled, segment, nowMs);
    if (reading === undefined) {
      throw noSegment(
        segment,
        (compiled?.segments ?? []).map(({ name }) => name),
      );
    }
    return { profile, segment, ...reading, asOf: position.asOf };
  }

  private async read(workspace: string, person: Person): Promise<ProfileRead & { readonly profile: string }> {
    const { profile } = await this.resolve(workspace, person);
    return { profile, ...(await this.reader.read(workspace, profile)) };
  }
}

const NAMES_SHOWN_MAX = 20;

export function noSegment(segment: string, known: readonly string[]): ProblemException {
  return new ProblemException('not-found', {
    detail: `There is no segment "${segment}" in the active definition set.`,
    field: 'segment',
    found: segment,
    allowed: known.length === 0 ? 'none: no definition set is active' : known.slice(0, NAMES_SHOWN_MAX).join(', '),
    next: 'list the segments, or apply a definition of it',
  });
}
