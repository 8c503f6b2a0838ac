// Where the contract is and how it is loaded: for the server, its reflection, and clients.
import { fileURLToPath } from 'node:url';

const PROTO_ROOT = fileURLToPath(new URL('../../../../proto', import.meta.url));

export const DECISIONS_PACKAGE = 'tessera.decisions.v1';
export const DECISIONS_SERVICE = `${DECISIONS_PACKAGE}.DecisionService`;

/** Options of a gRPC server or client that speaks it: package, file and loader. */
export const DECISIONS_PROTO = {
  package: DECISIONS_PACKAGE,
  protoPath: `${PROTO_ROOT}/tessera/decisions/v1/decisions.proto`,
  loader: { includeDirs: [PROTO_ROOT], keepCase: false, longs: Number, enums: String, defaults: true, oneofs: true },
};
