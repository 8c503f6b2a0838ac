export { CorruptArchiveError } from './archive-file.js';
export { LogArchive } from './log-archive.js';
export type { ArchivedRange, LogArchiveOptions } from './log-archive.js';
export { ARCHIVED_TOPICS, LogArchiver } from './log-archiver.js';
export type { ArchiveProgress, LogArchiverOptions } from './log-archiver.js';
export { ArchivedEventLog, LostRecordsError } from './archived-event-log.js';
export { LogRetention } from './log-retention.js';
export type { HeadCutter, LogRetentionOptions } from './log-retention.js';
