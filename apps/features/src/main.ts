#!/usr/bin/env node
// The process `features`: settings, exit codes and the stop are those of every process (libs/service, run-service.ts).
import { runService } from '@tessera/service';
import { composeFeatures } from './compose-features.js';

await runService('features', composeFeatures);
