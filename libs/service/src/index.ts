export {
  accessOf,
  newWorkspace,
  openCredentials,
  readCredentials,
  readCredentialsFile,
  type Access,
  type CredentialsFile,
  type WorkspaceCredentials,
} from './credentials-file.js';
export {
  closePorts,
  DataFolderOwnedError,
  openEmbeddedPorts,
  openLog,
  openObjectStore,
  openPorts,
  openSnapshots,
  openStore,
  type Snapshot,
  type Snapshots,
  type SpaceSnapshot,
  type SystemPorts,
} from './wiring.js';
export { COMPACTED_TOPICS, LogCompaction, type Compactor, type CompactionStep } from './log-compaction.js';
export { createGround, type Ground, type GroundOptions } from './ground.js';
export { sumOf, type Composition, type ReadyWhen } from './composition.js';
export { openProcess, type DoorOptions, type OpenDoors, type OpenProcess } from './open-process.js';
export { freePort } from './doors/free-port.js';
export { readTls, type Tls } from './doors/tls.js';
export { compactionMetrics } from './metrics.js';
export { archiveMetrics, partsOf, type HistoryParts } from './archive-metrics.js';
export { one, readings, total } from './readings.js';
export { telemetryOf, traceConfigOf } from './process-telemetry.js';
export { runService, type Compose } from './run-service.js';
