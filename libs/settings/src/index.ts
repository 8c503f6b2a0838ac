export {
  ConfigError,
  describeConfig,
  openTelemetryVariables,
  readConfig,
  readConfigOf,
  type DescribedSetting,
  type ProcessName,
} from './config.js';
export { fileVariableOf, partitionsOf, SETTINGS, type Config, type Setting } from './settings.js';
