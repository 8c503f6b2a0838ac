import { describe, expect, test } from '@jest/globals';
import { fromJSON } from '@grpc/proto-loader';
import type { ServiceDefinition } from '@grpc/proto-loader';
import fc from 'fast-check';
import { PROBLEMS, ProblemException, problemOfStatus, problemToGrpc, problemToHttp } from '../src/problem.js';
import type { ProblemCode } from '../src/problem.js';

// google.rpc.Status and ErrorInfo as a stock Protobuf library reads them.
const rpc = fromJSON(
  {
    nested: {
      Status: {
        fields: {
          code: { type: 'int32', id: 1 },
          message: { type: 'string', id: 2 },
          details: { rule: 'repeated', type: 'Any', id: 3 },
        },
      },
      Any: { fields: { typeUrl: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
      ErrorInfo: {
        fields: {
          reason: { type: 'string', id: 1 },
          domain: { type: 'string', id: 2 },
          metadata: { keyType: 'string', type: 'string', id: 3 },
        },
      },
      Reading: {
        methods: {
          status: { requestType: 'Status', responseType: 'Status', comment: '' },
          info: { requestType: 'ErrorInfo', responseType: 'ErrorInfo', comment: '' },
        },
      },
    },
  } as Parameters<typeof fromJSON>[0],
  {},
)['Reading'] as ServiceDefinition;

function readDetails(bytes: Uint8Array): unknown {
  const status = rpc['status']?.responseDeserialize(Buffer.from(bytes)) as {
    code: number;
    message: string;
    details: { typeUrl: string; value: Buffer }[];
  };
  const [detail] = status.details;
  const { reason, domain, metadata } = rpc['info']?.responseDeserialize(detail?.value as Buffer) as Record<string, unknown>;
  return { code: status.code, message: status.message, typeUrl: detail?.typeUrl, reason, domain, metadata };
}

describe('a problem', () => {
  test('is RFC 9457 problem details over HTTP, with the field, what was found, what is allowed and what to try', () => {
    const problem = new ProblemException('invalid-field', {
      detail: 'The batch is no array.',
      field: 'batch',
      found: 'object',
      allowed: 'array of events',
      next: 'send {"batch": [...]}',
    });
    expect(problemToHttp(problem)).toEqual({
      type: 'urn:tessera:problem:invalid-field',
      title: 'A field has a value that is not allowed',
      status: 400,
      code: 'invalid-field',
      detail: 'The batch is no array.',
      field: 'batch',
      found: 'object',
      allowed: 'array of events',
      next: 'send {"batch": [...]}',
    });
  });

  test('is a status with google.rpc.ErrorInfo over gRPC, whatever the texts', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...(Object.keys(PROBLEMS) as ProblemCode[])),
        fc.string({ unit: 'grapheme', maxLength: 300 }),
        fc.string({ unit: 'grapheme' }),
        (code, detail, field) => {
          const { code: status, message, details } = problemToGrpc(new ProblemException(code, { detail, field }));
          expect(message).toBe(detail);
          expect(readDetails(details)).toEqual({
            code: status,
            message: detail,
            typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: code,
            domain: 'tessera',
            metadata: { field },
          });
        },
      ),
    );
  });

  test.each([
    [404, 'not-found', 404],
    [413, 'body-too-large', 400],
    [415, 'unsupported-encoding', 415],
    [400, 'bad-request', 400],
    [503, 'unavailable', 503],
    [500, 'internal', 500],
  ])("of the framework's status %i has the code %s", (status, code, answered) => {
    const problem = problemOfStatus(status, 'text');
    expect([problem.code, problem.status]).toEqual([code, answered]);
  });
});
