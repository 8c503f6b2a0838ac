#!/usr/bin/env node
// The process `decisions`: settings, exit codes and the stop are those of every process (libs/service, run-service.ts).
import { runService } from '@tessera/service';
import { composeDecisions } from './compose-decisions.js';

await runService('decisions', composeDecisions);
