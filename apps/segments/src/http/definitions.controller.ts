// /api/v1/definitions: what is in force, and its change. `plan` and `apply` take YAML or JSON as in a file, `{"documents": […]}` or
// `{"files": [{"name", "text"}]}`, both with a "note" if wanted. The whole set replaces the one before.
import { Controller, Get, HttpCode, Inject, Post, Req, UseFilters, UseGuards } from '@nestjs/common';
import type { AppliedSet } from '@tessera/catalog';
import { credentialOf, ProblemFilter, RequireScope, ScopeGuard } from '@tessera/nest';
import { formatInstant } from '@tessera/time';
import { DefinitionsAdmin, type AppliedAnswer, type ChangeBy, type Plan, type SetSummary } from '../admin/definitions-admin.js';
import { readSentDefinitions } from '../admin/sent-definitions.js';
import { bytesOf, jsonOf, numberIn, textIn, type AdminRequest } from './request.js';

@Controller('api/v1')
@UseGuards(ScopeGuard)
@UseFilters(ProblemFilter)
export class DefinitionsController {
  constructor(@Inject(DefinitionsAdmin) private readonly admin: DefinitionsAdmin) {}

  @Post('definitions::plan')
  @HttpCode(200)
  @RequireScope('admin')
  plan(@Req() request: AdminRequest): Plan {
    const { workspace } = credentialOf(request);
    return this.admin.plan(workspace, readSentDefinitions(workspace, bytesOf(request)).documents);
  }

  @Post('definitions::apply')
  @HttpCode(200)
  @RequireScope('admin')
  apply(@Req() request: AdminRequest): Promise<AppliedAnswer> {
    const { documents, note } = readSentDefinitions(credentialOf(request).workspace, bytesOf(request));
    return this.admin.apply(documents, changeBy(request, textIn(request.query, 'note', note)));
  }

  @Post('definitions::rollback')
  @HttpCode(200)
  @RequireScope('admin')
  rollback(@Req() request: AdminRequest): Promise<AppliedAnswer> {
    const body = jsonOf(request);
    return this.admin.rollback(numberIn(body, 'set'), changeBy(request, textIn(body, 'note', '')));
  }

  /** The set applied last, or with `?set=N` an earlier one. */
  @Get('definitions')
  @RequireScope('read')
  current(@Req() request: AdminRequest): object {
    const { workspace } = credentialOf(request);
    const asked = request.query['set'] === undefined ? undefined : numberIn(request.query, 'set');
    const set = this.admin.set(workspace, asked);
    return { activeSet: this.admin.activeSet(workspace), ...(set === undefined ? { set: 0, documents: [] } : shownOf(set)) };
  }

  @Get('definitions/history')
  @RequireScope('read')
  history(@Req() request: AdminRequest): { readonly sets: readonly SetSummary[] } {
    return { sets: this.admin.history(credentialOf(request).workspace) };
  }
}

function changeBy(request: AdminRequest, note: string): ChangeBy {
  const { workspace, source } = credentialOf(request);
  return { workspace, actor: source, note, waitUntilActive: request.query['wait'] === 'active' };
}

function shownOf({ set, hash, actor, note, appliedMs, documents }: AppliedSet): object {
  return {
    set,
    hash,
    actor,
    note,
    applied: formatInstant(appliedMs),
    documents: documents.map(({ version, hash: of, document }) => ({ version, hash: of, document })),
  };
}
