// Segments in force and who is in them.
// M1 Members are read from the profiles themselves, partition by partition in key order; a page goes on where the last one ended.
// M2 Counting reads every profile of the workspace: questions that come while one is being counted get its answer.
import type { DefinitionCatalog } from '@tessera/catalog';
import { keyOf, type Key, type ListMembersResponse, type ListSegmentsResponse } from '@tessera/contracts';
import { ProblemException } from '@tessera/nest';
import { readMemberships } from '@tessera/segments';
import type { ProfileReader } from './profile-reader.js';
import { noSegment } from './profile-service.js';

const PAGE_DEFAULT = 100;
const PAGE_MAX = 1_000;

interface Place {
  readonly partition: number;
  /** Last profile of the page before; undefined at the start of a partition. */
  readonly after: string | undefined;
}

export class Members {
  private readonly counting = new Map<string, Promise<ReadonlyMap<string, number>>>();

  constructor(
    private readonly reader: ProfileReader,
    private readonly catalog: DefinitionCatalog,
  ) {}

  async segments(workspace: string): Promise<ListSegmentsResponse> {
    const active = this.catalog.active(workspace);
    if (active === undefined) return { segments: [], definitionSet: 0 };
    const counts = await this.counts(workspace);
    const segments = active.segments.map(({ name, title, version }) => ({
      name,
      title,
      version,
      members: counts.get(name) ?? 0,
    }));
    return { segments: segments.sort((a, b) => (a.name < b.name ? -1 : 1)), definitionSet: active.set };
  }

  async page(workspace: string, segment: string, pageSize: number, pageToken: string): Promise<ListMembersResponse> {
    const known = (this.catalog.active(workspace)?.segments ?? []).map(({ name }) => name);
    if (!known.includes(segment)) throw noSegment(segment, known);
    const size = pageSize <= 0 ? PAGE_DEFAULT : Math.min(pageSize, PAGE_MAX);
    const start = placeOf(pageToken, this.reader.partitions);
    const profiles: string[] = [];
    for (let { partition, after } = start; partition < this.reader.partitions; partition++, after = undefined) {
      const from: Key | undefined = after === undefined ? undefined : keyOf(workspace, 'profile', after);
      for await (const document of this.reader.scan(workspace, partition, from)) {
        if (!readMemberships(document).some((membership) => membership.segment === segment)) continue;
        if (profiles.length === size) return { profiles, nextPageToken: tokenOf({ partition, after }) };
        profiles.push(document.profile);
        after = document.profile;
      }
    }
    return { profiles, nextPageToken: '' };
  }

  private counts(workspace: string): Promise<ReadonlyMap<string, number>> {
    let counted = this.counting.get(workspace);
    if (counted === undefined) {
      counted = this.count(workspace).finally(() => this.counting.delete(workspace));
      this.counting.set(workspace, counted);
    }
    return counted;
  }

  private async count(workspace: string): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (let partition = 0; partition < this.reader.partitions; partition++) {
      for await (const document of this.reader.scan(workspace, partition)) {
        for (const { segment } of readMemberships(document)) counts.set(segment, (counts.get(segment) ?? 0) + 1);
      }
    }
    return counts;
  }
}

function tokenOf({ partition, after }: Place): string {
  return Buffer.from(`${String(partition)} ${after ?? ''}`).toString('base64url');
}

function placeOf(token: string, partitions: number): Place {
  if (token === '') return { partition: 0, after: undefined };
  const [, number, after] = /^(\d{1,4}) (.*)$/.exec(Buffer.from(token, 'base64url').toString('utf8')) ?? [];
  const partition = Number(number);
  if (number === undefined || partition >= partitions) {
    throw new ProblemException('invalid-field', {
      detail: 'page_token: found a text that no answer of this call has given.',
      field: 'page_token',
      next: 'begin without a token, and go on with next_page_token of the answer',
    });
  }
  return { partition, after: after === '' ? undefined : after };
}
