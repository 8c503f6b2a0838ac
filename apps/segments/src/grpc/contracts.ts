// Where the contracts of FeatureService and SegmentService are.
import { fileURLToPath } from 'node:url';
import type { GrpcContract } from '@tessera/nest';

const PROTO_ROOT = fileURLToPath(new URL('../../../../proto', import.meta.url));

export const SEGMENTS_CONTRACTS: readonly GrpcContract[] = [
  contract('tessera.features.v1', 'FeatureService', 'features'),
  contract('tessera.segments.v1', 'SegmentService', 'segments'),
];

function contract(name: string, service: string, file: string): GrpcContract {
  const protoPath = `${PROTO_ROOT}/tessera/${file}/v1/${file}.proto`;
  return { package: name, service: `${name}.${service}`, protoPath, includeDir: PROTO_ROOT };
}
