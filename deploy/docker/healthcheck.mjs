// What HEALTHCHECK runs in a container: exit code 0 while /livez of the service beside it answers 200.
const port = process.env.TESSERA_OPS_PORT || '9464';
const alive = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(2_500) }).then(
  ({ ok }) => ok,
  () => false,
);
process.exit(alive ? 0 : 1);
