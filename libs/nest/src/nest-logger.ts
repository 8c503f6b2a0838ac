// What Nest and the doors have to say, in the journal: JSON lines with the trace they belong to, nobody named.
import type { LoggerService } from '@nestjs/common';
import type { Journal } from '@tessera/telemetry';

/** Errors and warnings; what Nest tells of its own start is left out. */
export function nestLogger(journal: Journal): LoggerService {
  const tell = (message: unknown, more: readonly unknown[]): void => {
    const texts = more.filter((item) => typeof item === 'string');
    const context = texts.at(-1);
    const error = message instanceof Error ? (message.stack ?? message.message) : String(message);
    journal.warn('an error that no caller was told of', { error, ...(context !== undefined && { context }) });
  };
  return {
    log: () => undefined,
    warn: (message, ...more) => tell(message, more),
    error: (message, ...more) => tell(message, more),
    fatal: (message, ...more) => tell(message, more),
  };
}
