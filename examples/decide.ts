// Asks over gRPC what to show, with nothing but the proto file. With Node.js 24: the panel of `npm start` shows the token.
//   TOKEN=tk_… node examples/decide.ts ada
import { credentials, loadPackageDefinition, Metadata, type Client, type ServiceClientConstructor } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const proto = `${import.meta.dirname}/../proto`;
const definition = loadSync('tessera/decisions/v1/decisions.proto', { includeDirs: [proto], defaults: true });
const { tessera } = loadPackageDefinition(definition) as unknown as {
  tessera: { decisions: { v1: { DecisionService: ServiceClientConstructor } } };
};
const client = new tessera.decisions.v1.DecisionService(
  process.env['TESSERA_GRPC'] ?? '127.0.0.1:9090',
  credentials.createInsecure(),
);
const metadata = new Metadata();
metadata.set('authorization', `Bearer ${process.env['TOKEN'] ?? ''}`);

type Decide = (
  request: object,
  metadata: Metadata,
  options: object,
  done: (error: Error | null, answer: unknown) => void,
) => void;
const { Decide: decide } = client as unknown as { Decide: Decide } & Client;
decide.call(
  client,
  { person: { userId: process.argv[2] ?? 'ada' }, slots: ['home-hero'] },
  metadata,
  { deadline: Date.now() + 1_000 },
  (error, answer) => {
    if (error) {
      process.exitCode = 1;
      console.error(error.message);
    } else console.log(JSON.stringify(answer, undefined, 2));
    client.close();
  },
);
