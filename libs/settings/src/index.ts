export {
  ConfigError,
  describeConfig,
  openTelemetryVariables,
  readConfig,
  readConfigOf,
  type DescribedSetting,
  type ProcessName,
} from './config.js';
export { fileVariableOf, PARTITIONS_MAX, partitionsOf, SETTINGS, type Config, type Setting } from './settings.js';
