#!/usr/bin/env node
// The process `segments`: settings, exit codes and the stop are those of every process (libs/service, run-service.ts).
import { runService } from '@tessera/service';
import { composeSegments } from './compose-segments.js';

await runService('segments', composeSegments);
