// GET /v1/projects/{writeKey}/settings: what Segment's browser client asks its CDN before it starts. With this server as `cdnURL` it
// starts, sends its events here and nothing to anybody else (no remote plugins, no metrics).
import { Controller, Get, Header, Inject, Param, Req, Res } from '@nestjs/common';
import { ProblemException } from '@tessera/nest';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { INGESTION } from '../ingestion-options.js';
import type { Ingestion } from '../ingestion-options.js';
import { answerOrigin } from './source.js';

@Controller('v1')
export class SettingsController {
  constructor(@Inject(INGESTION) private readonly ingestion: Ingestion) {}

  @Get('projects/:writeKey/settings')
  @Header('cache-control', 'public, max-age=60')
  settings(
    @Param('writeKey') writeKey: string,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Record<string, unknown> {
    answerOrigin(request, reply);
    if (this.ingestion.credentials.byWriteKey(writeKey) === undefined) {
      throw new ProblemException('not-found', {
        detail: 'There is no source with this write key.',
        field: 'writeKey',
        found: `${writeKey.slice(0, 4)}…`,
        next: 'copy the write key from the start panel or from the credentials file in the data folder',
      });
    }
    const { protocol, host } = addressOf(request, this.ingestion.publicUrl);
    return settingsOf(writeKey, protocol, host);
  }
}

function addressOf(request: FastifyRequest, publicUrl: string | undefined): { readonly protocol: string; readonly host: string } {
  if (publicUrl === undefined) return { protocol: request.protocol, host: request.host };
  const url = new URL(publicUrl);
  return { protocol: url.protocol.slice(0, -1), host: url.host };
}

function settingsOf(writeKey: string, protocol: string, host: string): Record<string, unknown> {
  return {
    integrations: {
      'Segment.io': {
        apiKey: writeKey,
        apiHost: `${host}/v1`,
        protocol,
        unbundledIntegrations: [],
        addBundledMetadata: true,
        maybeBundledConfigIds: {},
        versionSettings: { version: '4.4.7', componentTypes: ['browser'] },
      },
    },
    plan: {
      track: { __default: { enabled: true, integrations: {} } },
      identify: { __default: { enabled: true } },
      group: { __default: { enabled: true } },
    },
    edgeFunction: {},
    analyticsNextEnabled: true,
    middlewareSettings: {},
    enabledMiddleware: {},
    metrics: { sampleRate: 0 },
    legacyVideoPluginsEnabled: false,
    remotePlugins: [],
  };
}
