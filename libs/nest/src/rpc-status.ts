// google.rpc.Status with one google.rpc.ErrorInfo, as bytes. Three small messages of strings and one number: written by hand
// so that answering an error loads no schema. The test reads them back with a stock Protobuf library.
//   Status    { int32 code = 1; string message = 2; repeated Any details = 3; }
//   Any       { string type_url = 1; bytes value = 2; }
//   ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }

const ERROR_INFO_TYPE = 'type.googleapis.com/google.rpc.ErrorInfo';
const encoder = new TextEncoder();

export interface ErrorInfo {
  readonly reason: string;
  readonly domain: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export function errorDetails(code: number, message: string, info: ErrorInfo): Uint8Array {
  const any = concat([textField(1, ERROR_INFO_TYPE), bytesField(2, errorInfo(info))]);
  return concat([concat([varint(1 << 3), varint(code)]), textField(2, message), bytesField(3, any)]);
}

function errorInfo({ reason, domain, metadata }: ErrorInfo): Uint8Array {
  const fields = [textField(1, reason), textField(2, domain)];
  for (const [name, value] of Object.entries(metadata)) {
    fields.push(bytesField(3, concat([textField(1, name), textField(2, value)])));
  }
  return concat(fields);
}

function textField(number: number, text: string): Uint8Array {
  return bytesField(number, encoder.encode(text));
}

/** Wire type 2: tag, length, bytes. */
function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  return concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}
