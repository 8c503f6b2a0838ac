#!/usr/bin/env node
// The process `identity`: settings, exit codes and the stop are those of every process (libs/service, run-service.ts).
import { runService } from '@tessera/service';
import { composeIdentity } from './compose-identity.js';

await runService('identity', composeIdentity);
