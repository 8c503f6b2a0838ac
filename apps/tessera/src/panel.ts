// What `tessera dev` says when everything runs: the doors, the credentials, and three lines to paste.
import type { Embedded } from './embedded.js';

export function panel({ endpoints, credentials, data }: Embedded): string {
  const { http, grpc, ops, moved } = endpoints;
  const [workspace] = credentials.workspaces;
  const writeKey = workspace?.writeKeys[0]?.key ?? '';
  const token = workspace?.tokens[0]?.token ?? '';
  const track = `curl -s -u ${writeKey}: ${http}/v1/track -d '{"userId":"ada","event":"Order Completed","properties":{"revenue":120}}'`;
  const decide = `curl -s -H 'authorization: Bearer ${token}' ${http}/v1/decide -d '{"person":{"userId":"ada"},"slots":["home-hero"]}'`;
  const lines = [
    '',
    '  Tessera is running.',
    '',
    `  console   ${http}/`,
    `  HTTP      ${http}`,
    `  gRPC      ${grpc}`,
    `  ops       ${ops}  (/livez /readyz /metrics)`,
    `  write key ${writeKey}`,
    `  token     ${token}`,
    `  data      ${data}  (workspace ${workspace?.id ?? ''})`,
    ...moved.map(({ door, wanted, found }) => `  note      port ${String(wanted)} was busy: ${door} moved to ${String(found)}`),
    '',
    '  Send an event, apply definitions, ask what to show:',
    '',
    `  ${track}`,
    `  npm run tessera -- apply examples/shop`,
    `  ${decide}`,
    '',
    '  Stop with Ctrl+C.',
    '',
  ];
  return lines.join('\n');
}
