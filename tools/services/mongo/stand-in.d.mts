// Types of stand-in.mjs, for tests in TypeScript.
export interface StandIn {
  readonly port: number;
  /** Of the server, without a database. */
  readonly uri: string;
  readonly logFile: string;
  readonly running: boolean;
  /** Of a database, through another port where a proxy stands before the server. */
  uriOf(database: string, port?: number): string;
  /** On its port and its data, also after a kill; resolves when it is ready. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
  /** Ends the server at once and takes its data away; the log stays unless `all`. */
  destroy(options?: { readonly all?: boolean }): Promise<void>;
}

/** Data and log are in `folder`, made where there is none. */
export function startMongo(options: { readonly folder: string }): Promise<StandIn>;
