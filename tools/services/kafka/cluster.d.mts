// Types of cluster.mjs, for tests in TypeScript.
export interface KafkaBroker {
  readonly id: number;
  readonly port: number;
  readonly logFile: string;
  readonly running: boolean;
  /** On its port and its data, also after a kill; resolves when it is ready. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  freeze(): void;
  thaw(): void;
}

/** Listeners beside that of `bootstrap`; their certificate is for localhost alone, and no address of them is 127.0.0.1. */
export interface SecuredDoors {
  /** Authority (PEM) of the brokers' certificates. */
  readonly caFile: string;
  /** `localhost:PORT` of every broker, separated by commas: TLS. */
  readonly ssl: string;
  /** The same: TLS, and SCRAM-SHA-256 or SCRAM-SHA-512 as the user. */
  readonly saslSsl: string;
}

export interface KafkaCluster {
  readonly brokers: readonly KafkaBroker[];
  /** `127.0.0.1:PORT` of every broker, separated by commas. */
  readonly bootstrap: string;
  /** Where it was asked for. */
  readonly secured: SecuredDoors | undefined;
  stop(): Promise<void>;
  /** Ends the brokers at once and takes their data away; the logs of the processes stay unless `all`. */
  destroy(options?: { readonly all?: boolean }): Promise<void>;
}

export interface KafkaOptions {
  /** Configuration, data and logs of the brokers; made where there is none. */
  readonly folder: string;
  /** 1 (default), or 3 with replication 3 and two in-sync replicas. */
  readonly brokers?: 1 | 3;
  /** Lines of server.properties. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /** The clients' listener asks for SASL/PLAIN as this user. */
  readonly user?: { readonly username: string; readonly password: string };
  /** Listeners with TLS, and with TLS and SCRAM for this user; neither name nor password holds a comma or a bracket. */
  readonly secured?: { readonly username: string; readonly password: string };
}

export function startKafka(options: KafkaOptions): Promise<KafkaCluster>;
