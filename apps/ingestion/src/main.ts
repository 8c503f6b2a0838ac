#!/usr/bin/env node
// The process `ingestion`: settings, exit codes and the stop are those of every process (libs/service, run-service.ts).
import { runService } from '@tessera/service';
import { composeIngestion } from './compose-ingestion.js';

await runService('ingestion', composeIngestion);
