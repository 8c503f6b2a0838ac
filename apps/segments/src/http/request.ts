// What admin requests have in common: their query, read and refused in one way.
import { ProblemException } from '@tessera/nest';

/** A Fastify request, as far as it is used here. */
export interface AdminRequest {
  readonly body?: unknown;
  readonly query: Readonly<Record<string, unknown>>;
}

export function bytesOf({ body }: AdminRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0);
}

export function jsonOf(request: AdminRequest): Readonly<Record<string, unknown>> {
  const text = bytesOf(request).toString('utf8');
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw new ProblemException(
      'invalid-json',
      {
        detail: `The body cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}.`,
        next: 'send a JSON object; the API is described at /api/openapi.json',
      },
      { cause: error },
    );
  }
  if (typeof found === 'object' && found !== null && !Array.isArray(found)) return found as Record<string, unknown>;
  throw invalid('body', Array.isArray(found) ? 'a list' : typeof found, 'a JSON object');
}

export function textIn(fields: Readonly<Record<string, unknown>>, name: string, fallback?: string): string {
  const found = fields[name];
  if (typeof found === 'string' && found !== '') return found;
  if ((found === undefined || found === null || found === '') && fallback !== undefined) return fallback;
  throw invalid(name, found === undefined ? 'nothing' : typeof found, 'a text');
}

export function numberIn(fields: Readonly<Record<string, unknown>>, name: string, fallback?: number): number {
  const found = fields[name];
  if ((found === undefined || found === null || found === '') && fallback !== undefined) return fallback;
  const value = typeof found === 'string' && found !== '' ? Number(found) : found;
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw invalid(name, String(found), 'a whole number from 0');
}

function invalid(field: string, found: string, allowed: string): ProblemException {
  return new ProblemException('invalid-field', {
    detail: `${field}: found ${found}, allowed is ${allowed}.`,
    field,
    found,
    allowed,
    next: 'correct it and send the request again; the API is described at /api/openapi.json',
  });
}
