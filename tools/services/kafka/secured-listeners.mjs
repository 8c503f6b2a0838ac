// Listeners that ask for more than an open port, for tests of the security settings: TLS, and TLS with SCRAM.
// N1 Nothing is fixed: authority, keys and the password of the key store are drawn for each cluster and live in its folder.
// N2 The certificate is for `localhost` alone: at 127.0.0.1 the same listener has a wrong name.
// N3 Only the JDK is needed.
import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../maven.mjs';

const HOST = 'localhost';
const DAYS = '7';
/** By the names of Kafka; each user can prove itself by any of them. */
const MECHANISMS = ['SCRAM-SHA-256', 'SCRAM-SHA-512'];
const LISTENERS = ['SSL', 'SASL_SSL'];

/** Ports that a broker needs for them. */
export const SECURED_PORTS = LISTENERS.length;

/** Makes an authority and a certificate of it: the key store of the brokers, and what a client has to trust (PEM). */
export async function makeCertificates(folder) {
  mkdirSync(folder, { recursive: true });
  const keyStore = join(folder, 'broker.p12');
  const caFile = join(folder, 'ca.pem');
  const password = randomUUID();
  rmSync(keyStore, { force: true });
  const keytool = async (...line) => {
    const { code, output } = await run('keytool', [
      ...['-J-XX:TieredStopAtLevel=1', ...line],
      ...['-keystore', keyStore, '-storetype', 'PKCS12', '-storepass', password],
    ]);
    if (code !== 0) throw new Error(`keytool of the JDK could not make the certificates (${line[0]}):\n${output}`);
    return output;
  };
  const key = ['-keyalg', 'EC', '-groupname', 'secp256r1', '-validity', DAYS];
  await keytool('-genkeypair', '-alias', 'ca', '-dname', 'CN=authority of a test', '-ext', 'bc:c=ca:true', ...key);
  await keytool('-genkeypair', '-alias', 'broker', '-signer', 'ca', '-dname', 'CN=broker', '-ext', `san=dns:${HOST}`, ...key);
  writeFileSync(caFile, await keytool('-exportcert', '-rfc', '-alias', 'ca'));
  // A broker offers any key that it has.
  await keytool('-delete', '-alias', 'ca');
  return { caFile, keyStore, password };
}

/** What server.properties needs for them, on these ports of 127.0.0.1. */
export function securedListeners({ keyStore, password }, ports) {
  const jaas = 'org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return {
    bindings: LISTENERS.map((name, i) => `${name}://127.0.0.1:${ports[i]}`),
    advertised: LISTENERS.map((name, i) => `${name}://${HOST}:${ports[i]}`),
    protocols: LISTENERS.map((name) => `${name}:${name}`),
    settings: {
      'ssl.keystore.type': 'PKCS12',
      'ssl.keystore.location': keyStore,
      'ssl.keystore.password': password,
      'listener.name.sasl_ssl.sasl.enabled.mechanisms': MECHANISMS.join(','),
      ...Object.fromEntries(MECHANISMS.map((name) => [`listener.name.sasl_ssl.${name.toLowerCase()}.sasl.jaas.config`, jaas])),
    },
  };
}

/** Arguments of the formatter that make the user. */
export function scramUser({ username, password }) {
  return MECHANISMS.flatMap((name) => ['--add-scram', `${name}=[name=${username},password=${password}]`]);
}

/** What a client needs: the file of the authority, and the addresses of each listener on all brokers. */
export function securedDoors({ caFile }, portsOfBrokers) {
  const addressesOf = (at) => portsOfBrokers.map((ports) => `${HOST}:${ports[at]}`).join(',');
  return { caFile, ssl: addressesOf(0), saslSsl: addressesOf(1) };
}
