// The last stop of every error: RFC 9457 over HTTP, status and details over gRPC.
// F1 A problem is answered as it is. Anything else is our bug: it is logged with its stack and answered as `internal`.
import { Catch, HttpException, Logger } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { Metadata } from '@grpc/grpc-js';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { problemOfStatus, problemToGrpc, problemToHttp, ProblemException } from './problem.js';

const DETAILS_HEADER = 'grpc-status-details-bin';

/** What the filter uses of a Fastify reply. */
interface Reply {
  readonly sent: boolean;
  code(status: number): this;
  header(name: string, value: string): this;
  send(payload: unknown): unknown;
}

@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('problem');

  catch(exception: unknown, host: ArgumentsHost): Observable<never> | void {
    const problem = this.problemOf(exception);
    if (host.getType() === 'rpc') return throwError(() => grpcError(problem));
    const reply = host.switchToHttp().getResponse<Reply>();
    if (!reply.sent) sendProblem(reply, problem);
  }

  private problemOf(exception: unknown): ProblemException {
    if (exception instanceof ProblemException) return exception;
    if (exception instanceof HttpException && exception.getStatus() < 500) {
      return problemOfStatus(exception.getStatus(), exception.message);
    }
    this.logger.error(exception instanceof Error ? (exception.stack ?? exception.message) : String(exception));
    return problemOfStatus(exception instanceof HttpException ? exception.getStatus() : 500, '');
  }
}

/** `Retry-After` as HTTP has it, and `X-RateLimit-Reset` as Segment's browser client reads it: seconds from now. */
export function sendProblem(reply: Reply, problem: ProblemException): void {
  const { retryAfterSeconds } = problem.facts;
  if (retryAfterSeconds !== undefined) {
    reply.header('retry-after', String(retryAfterSeconds)).header('x-ratelimit-reset', String(retryAfterSeconds));
  }
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="tessera", Basic realm="tessera"');
  reply
    .code(problem.status)
    .header('content-type', 'application/problem+json')
    .send(JSON.stringify(problemToHttp(problem)));
}

function grpcError(problem: ProblemException): { code: number; message: string; metadata: Metadata } {
  const { code, message, details } = problemToGrpc(problem);
  const metadata = new Metadata();
  metadata.set(DETAILS_HEADER, Buffer.from(details));
  return { code, message, metadata };
}
