// HTTP and gRPC of all services: one Nest application.
// D1 It listens before it says that it serves, and says that it does not before it stops listening.
// D2 A stop waits for the calls under way, but not for ever: a client that holds a stream open does not hold the process.
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createHttpServer, grpcServer, type GrpcContract, type GrpcHealth } from '@tessera/nest';
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
  private health: GrpcHealth | undefined;

  constructor(private readonly options: ApiDoorOptions) {}

  async start(): Promise<void> {
    const { modules, contracts, host, httpPort, grpcPort } = this.options;
    const app = await createHttpServer({ module: ApiModule, imports: [...modules] });
    this.app = app;
    try {
      const { options, health } = grpcServer(contracts, { url: `${host}:${String(grpcPort)}`, reflection: true });
      this.health = health;
      app.connectMicroservice(options, { inheritAppConfig: true });
      await app.startAllMicroservices();
      await app.listen(httpPort, host);
      this.setServing(true);
    } catch (error) {
      await app.close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    const { clock } = this.options;
    this.setServing(false);
    const done = new AbortController();
    await Promise.race([this.app?.close(), clock.wait(STOP_MS, done.signal)]);
    done.abort();
  }

  /** A provider of one of the modules; undefined while the door is not open. */
  get<Provider>(type: Type<Provider>): Provider | undefined {
    return this.app?.get(type, { strict: false });
  }

  private setServing(serving: boolean): void {
    for (const { service } of this.options.contracts) this.health?.setServing(service, serving);
  }
}
