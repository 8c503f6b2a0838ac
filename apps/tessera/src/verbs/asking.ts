// What verbs ask of the system that runs on a data folder: plain JSON in, plain JSON out.
// A1 Connections are those of client.ts; here they are opened and closed once per verb.
import type { Person } from '@tessera/contracts';
import type { Command } from 'commander';
import { plain } from './plain.js';

export type Answer = Readonly<Record<string, unknown>>;

export interface Asking {
  readonly http: string;
  readonly writeKey: string;
  get(path: string): Promise<Answer>;
  /** Lines of JSON. */
  lines(path: string): Promise<readonly Answer[]>;
  post(path: string, body: unknown): Promise<Answer>;
  /** One call of a gRPC service, its answer as plain JSON. */
  call(service: string, method: string, request: Answer): Promise<Answer>;
  close(): void;
}

export interface DataOptions {
  readonly data?: string;
}

export function withData(command: Command): Command {
  return command.option('--data <folder>', 'data folder of the running system (default: TESSERA_DATA, else ./.tessera)');
}

/** Opens, asks and closes. */
export async function askingAt<T>({ data }: DataOptions, ask: (asking: Asking) => Promise<T>): Promise<T> {
  const { readConfig } = await import('@tessera/settings');
  const asking = await openAsking(data ?? readConfig().data);
  try {
    return await ask(asking);
  } finally {
    asking.close();
  }
}

/** Throws where no system runs on the folder. */
export async function openAsking(folder: string): Promise<Asking> {
  const { connect } = await import('../client.js');
  const { endpoints, workspace, http, grpc, close } = connect(folder);
  return {
    http: endpoints.http,
    writeKey: workspace.writeKeys[0]?.key ?? '',
    get: async (path) => (await http(path)) as Answer,
    async lines(path) {
      const answer = await http(path);
      return typeof answer === 'string'
        ? answer
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line) as Answer)
        : [answer as Answer];
    },
    post: async (path, body) => (await http(path, { method: 'POST', body })) as Answer,
    call: async (service, method, request) => plain(await grpc(service).call(method, request)) as Answer,
    close,
  };
}

/** As JSON bodies have a person. */
export function personBody(person: Person): Answer {
  return Object.fromEntries(
    Object.entries(person).filter(
      ([name, value]) => value !== undefined && !(name === 'identities' && Object.keys(value as object).length === 0),
    ),
  );
}
