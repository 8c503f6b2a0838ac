// HTTP and gRPC of all services: one Nest application.
// D1 It listens before it says that it serves, and says that it does not before it stops listening.
// D2 A stop waits for the calls under way, but 3 s at most: a client that holds a stream open or sends its body for ever does not hold the
//    process.
import type { Server } from 'node:http';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpServer, grpcServer, type GrpcContract, type GrpcDoor } from '@tessera/nest';
import type { Clock, Part } from '@tessera/runtime';

export interface ApiDoorOptions {
  readonly modules: readonly DynamicModule[];
  readonly contracts: readonly GrpcContract[];
  readonly host: string;
  readonly httpPort: number;
  readonly grpcPort: number;
  readonly clock: Clock;
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
    const { modules, contracts, host, httpPort, grpcPort } = this.options;
    const app = await createHttpServer({ module: ApiModule, imports: [...modules] });
    this.app = app;
    try {
      this.grpc = grpcServer(contracts, { url: `${host}:${String(grpcPort)}`, reflection: true });
      app.connectMicroservice(this.grpc.options, { inheritAppConfig: true });
      await app.startAllMicroservices();
      await app.listen(httpPort, host);
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

  /** A provider of one of the modules; undefined while the door is not open. */
  get<Provider>(type: Type<Provider>): Provider | undefined {
    return this.app?.get(type, { strict: false });
  }

  private setServing(serving: boolean): void {
    for (const { service } of this.options.contracts) this.grpc?.health.setServing(service, serving);
  }
}
