// Why brokers and this process do not come together: what no other try mends, told with the setting to look at.
// Both clients wrap the reason in failures of their own, some levels deep; the codes are those of TLS (Node's) and of Kafka.

/** What is refused, by the brokers or by this process. */
export type RefusalReason = 'authority' | 'host-name' | 'certificate' | 'credentials' | 'mechanism' | 'protocol';

/** A start with these settings cannot succeed. The message has no secret in it. */
export class KafkaRefusedError extends Error {
  constructor(
    readonly reason: RefusalReason,
    message: string,
    options: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'KafkaRefusedError';
  }
}

interface Refusal {
  readonly reason: RefusalReason;
  readonly text: string;
}

const AUTHORITY = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);
const CERTIFICATE = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'CERT_REVOKED', 'CERT_REJECTED']);
const CREDENTIALS = new Set(['PLT_KFK_AUTHENTICATION', 'KafkaJSSASLAuthenticationError', 'SASL_AUTHENTICATION_FAILED']);
const TLS_WANTED = 'Broker requires TLS.';
/** Of a broker that ends a connection which it does not understand. */
const ENDED = /connection closed|closed connection|before secure TLS connection was established/i;
const DEPTH_MAX = 8;

/** As both clients' failures have them, as far as they do. */
interface Failure {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly apiId?: unknown;
  readonly type?: unknown;
  readonly response?: { readonly mechanisms?: readonly string[] };
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** Undefined where another try may help. */
function refusalIn(error: unknown): Refusal | undefined {
  const failures = failuresIn(error);
  const having = (names: ReadonlySet<unknown>): Failure | undefined =>
    failures.find(({ name, code, apiId, type }) => [name, code, apiId, type].some((one) => names.has(one)));
  const why = (failure: Failure): string => String(failure.message).replace(/[:\s]+$/, '');

  const authority = having(AUTHORITY);
  if (authority !== undefined) {
    const text = `their certificate is of an authority that is not trusted here (${why(authority)}): `;
    return { reason: 'authority', text: `${text}set TESSERA_KAFKA_SSL_CA_FILE to the authority (PEM) of the brokers` };
  }
  const hostName = having(new Set(['ERR_TLS_CERT_ALTNAME_INVALID']));
  if (hostName !== undefined) {
    const text = `their certificate is for another host (${why(hostName)}): TESSERA_KAFKA_BROKERS, and what the brokers`;
    return { reason: 'host-name', text: `${text} advertise, must name them as their certificates do` };
  }
  const certificate = having(CERTIFICATE);
  if (certificate !== undefined) return { reason: 'certificate', text: `their certificate is not valid (${why(certificate)})` };
  const mechanism = having(new Set(['UNSUPPORTED_SASL_MECHANISM']));
  if (mechanism !== undefined) {
    const offered = failures.find(({ response }) => response?.mechanisms !== undefined)?.response?.mechanisms;
    const text = `they do not take this SASL mechanism${offered === undefined ? '' : ` (but ${offered.join(', ')})`}: `;
    return { reason: 'mechanism', text: `${text}set TESSERA_KAFKA_SASL_MECHANISM to one that they do` };
  }
  return protocolRefusal(failures, having) ?? credentialRefusal(having(CREDENTIALS));
}

/** A failure as the refusal that is in it, or as it is. */
export function asRefused(error: unknown): unknown {
  const refusal = refusalIn(error);
  return refusal === undefined
    ? error
    : new KafkaRefusedError(refusal.reason, `could not speak to the brokers: ${refusal.text}`, { cause: error });
}

/** All that is known of a failure in one line: the refusal, or every cause. */
export function reasonIn(error: unknown): string {
  const refusal = refusalIn(error);
  if (refusal !== undefined) return refusal.text;
  let text = '';
  for (const { message } of failuresIn(error)) {
    const one = String(message).trim().replace(/\.$/, '');
    if (one !== '' && !text.includes(one)) text += text === '' ? one : `: ${one}`;
  }
  if (text === '') return String(error);
  return ENDED.test(text) ? `${text} (a wrong TESSERA_KAFKA_SECURITY_PROTOCOL for this listener looks like this too)` : text;
}

function protocolRefusal(
  failures: readonly Failure[],
  having: (names: ReadonlySet<unknown>) => Failure | undefined,
): Refusal | undefined {
  const setting = 'TESSERA_KAFKA_SECURITY_PROTOCOL';
  if (failures.some(({ message }) => message === TLS_WANTED))
    return { reason: 'protocol', text: `they speak TLS on this listener: set ${setting} to SSL or SASL_SSL` };
  if (having(new Set(['ILLEGAL_SASL_STATE'])) !== undefined)
    return { reason: 'protocol', text: `they take no SASL on this listener: set ${setting} to SSL or PLAINTEXT` };
  return undefined;
}

function credentialRefusal(found: Failure | undefined): Refusal | undefined {
  if (found === undefined) return undefined;
  return {
    reason: 'credentials',
    text:
      'they refuse these credentials (SASL): compare TESSERA_KAFKA_SASL_USERNAME, TESSERA_KAFKA_SASL_PASSWORD_FILE and ' +
      'TESSERA_KAFKA_SASL_MECHANISM with the user of the cluster, who has a password for each SCRAM mechanism',
  };
}

/** An error and all that it names as its cause, outermost first. */
function failuresIn(error: unknown, depth = 0): readonly Failure[] {
  if (typeof error !== 'object' || error === null || depth > DEPTH_MAX) return [];
  const failure: Failure = error;
  return [failure, ...[failure.cause, ...(failure.errors ?? [])].flatMap((inner) => failuresIn(inner, depth + 1))];
}
