// HTTP and gRPC of what a process serves: one Nest application.
// D1 It listens before it says that it serves, and says that it does not before it stops listening.
// D2 A stop waits for the calls under way, but 3 s at most: a client that holds a stream open or sends its body for ever does not hold the
//    process.
// D3 With a certificate both doors speak TLS only; with an authority beside it, gRPC clients show a certificate of it.
import type { Server } from 'node:http';
import { ServerCredentials } from '@grpc/grpc-js';
import { Module, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpServer, grpcServer, nestLogger, type GrpcContract, type GrpcDoor } from '@tessera/nest';
import type { Clock, Part } from '@tessera/runtime';
import type { DoorTelemetry, Journal } from '@tessera/telemetry';
import type { Tls } from './tls.js';

export interface ApiDoorOptions {
  readonly modules: readonly DynamicModule[];
  /** None: no gRPC door. */
  readonly contracts: readonly GrpcContract[];
  readonly host: string;
  /** Undefined: no HTTP door. */
  readonly httpPort: number | undefined;
  readonly grpcPort: number;
  /** Of gRPC; off in production. */
  readonly reflection: boolean;
  readonly tls: Tls | undefined;
  readonly clock: Clock;
  readonly telemetry?: DoorTelemetry | undefined;
  /** Where what goes wrong inside is told. */
  readonly journal?: Journal | undefined;
}

const STOP_MS = 3_000;

@Module({})
class ApiModule {}

export class ApiDoor implements Part {
  readonly name = 'API door';
  private app: NestFastifyApplication | undefined;
  private grpc: GrpcDoor | undefined;

  constructor(private readonly options: ApiDoorOptions) {}

  async start(): Promise<void> {
    const { modules, host, httpPort, tls, telemetry, journal } = this.options;
    const options = {
      telemetry,
      ...(tls && { tls: { key: tls.key, cert: tls.cert } }),
      ...(journal && { logger: nestLogger(journal) }),
    };
    const app = await createHttpServer({ module: ApiModule, imports: [...modules] }, options);
    this.app = app;
    try {
      await this.startGrpc(app);
      if (httpPort === undefined) await app.init();
      else await app.listen(httpPort, host);
      this.setServing(true);
    } catch (error) {
      await app.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.setServing(false);
    const closed = new AbortController();
    const overdue = this.options.clock.wait(STOP_MS, closed.signal).then(() => {
      if (closed.signal.aborted) return;
      this.grpc?.cutOff();
      (this.app?.getHttpServer() as Server | undefined)?.closeAllConnections();
    });
    await this.app?.close();
    closed.abort();
    await overdue;
  }

  private async startGrpc(app: NestFastifyApplication): Promise<void> {
    const { contracts, host, grpcPort, reflection, tls, telemetry } = this.options;
    if (contracts.length === 0) return;
    const credentials = tls && { credentials: grpcCredentials(tls) };
    this.grpc = grpcServer(contracts, { url: `${host}:${String(grpcPort)}`, reflection, telemetry, ...credentials });
    app.connectMicroservice(this.grpc.options, { inheritAppConfig: true });
    await app.startAllMicroservices();
  }

  private setServing(serving: boolean): void {
    for (const { service } of this.options.contracts) this.grpc?.health.setServing(service, serving);
  }
}

function grpcCredentials({ key, cert, ca }: Tls): ServerCredentials {
  return ServerCredentials.createSsl(ca ?? null, [{ private_key: key, cert_chain: cert }], ca !== undefined);
}
