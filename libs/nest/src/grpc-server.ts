// The gRPC door: the contracts it serves, their health, and reflection where it is wanted.
// D1 Health is known for each service and for the server as a whole (the empty name), which serves when all of them do. Nothing serves
//    until it is said to.
// D2 A stop lets the calls that are under way end; a stream may go on for ever, so whoever stops can cut off what is left.
import { HealthImplementation } from 'grpc-health-check';
import { ReflectionService } from '@grpc/reflection';
import type { Server, ServerCredentials } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { Transport } from '@nestjs/microservices';
import type { GrpcOptions } from '@nestjs/microservices';
import type { DoorTelemetry } from '@tessera/telemetry';
import { observingInterceptor } from './observe-grpc.js';

/** One service of a contract in `proto/`. */
export interface GrpcContract {
  /** `tessera.decisions.v1`. */
  readonly package: string;
  /** `tessera.decisions.v1.DecisionService`. */
  readonly service: string;
  readonly protoPath: string;
  /** Where its imports are found. */
  readonly includeDir: string;
}

export interface GrpcServerOptions {
  /** `127.0.0.1:9090`. */
  readonly url: string;
  /** On in the embedded profile, off in production. */
  readonly reflection: boolean;
  readonly credentials?: ServerCredentials;
  /** Who is told of the calls. */
  readonly telemetry?: DoorTelemetry | undefined;
}

export interface GrpcHealth {
  setServing(service: string, serving: boolean): void;
}

export interface GrpcDoor {
  readonly options: GrpcOptions;
  readonly health: GrpcHealth;
  /** Ends the calls that a stop is still waiting for. */
  cutOff(): void;
}

/** Messages as proto-loader gives them: the names, numbers and enums of the generated types. */
export const GRPC_LOADER = { keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true } as const;

/** For `app.connectMicroservice(options, { inheritAppConfig: true })`. */
export function grpcServer(
  contracts: readonly GrpcContract[],
  { url, reflection, credentials, telemetry }: GrpcServerOptions,
): GrpcDoor {
  const serving = new Map(contracts.map(({ service }) => [service, false]));
  const health = new HealthImplementation({ '': 'NOT_SERVING' });
  for (const service of serving.keys()) health.setStatus(service, 'NOT_SERVING');
  const setServing = (service: string, value: boolean): void => {
    serving.set(service, value);
    health.setStatus(service, value ? 'SERVING' : 'NOT_SERVING');
    health.setStatus('', [...serving.values()].every(Boolean) ? 'SERVING' : 'NOT_SERVING');
  };
  let listening: Server | undefined;
  const options: GrpcOptions = {
    transport: Transport.GRPC,
    options: {
      url,
      package: [...new Set(contracts.map((contract) => contract.package))],
      protoPath: [...new Set(contracts.map(({ protoPath }) => protoPath))],
      loader: { ...GRPC_LOADER, includeDirs: [...new Set(contracts.map(({ includeDir }) => includeDir))] },
      gracefulShutdown: true,
      // Nest hands these to the server as they are, and knows no other way to its interceptors.
      ...(telemetry && { channelOptions: { interceptors: [observingInterceptor(telemetry)] } as object }),
      onLoadPackageDefinition(definition: PackageDefinition, server: Server) {
        listening = server;
        health.addToServer(server);
        if (reflection) new ReflectionService(definition).addToServer(server);
      },
      ...(credentials ? { credentials } : {}),
    },
  };
  return { options, health: { setServing }, cutOff: () => listening?.forceShutdown() };
}
