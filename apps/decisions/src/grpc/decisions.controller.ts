// tessera.decisions.v1.DecisionService over gRPC: decode, call, encode.
import { Controller, Inject, UseFilters, UseGuards } from '@nestjs/common';
import { GrpcMethod } from '@nestjs/microservices';
import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import type { DecideResponse, SlotDecision } from '@tessera/contracts';
import {
  type StructMessage,
  ProblemFilter,
  RequireScope,
  ScopeGuard,
  credentialOf,
  jsonOf,
  structOf,
  timestampOf,
} from '@tessera/nest';
import type { Decider } from '../deciding/decider.js';
import { DECIDER } from '../tokens.js';

/** DecideRequest as proto-loader has it. */
interface RequestMessage extends Readonly<Record<string, unknown>> {
  readonly context?: StructMessage | null;
}

@Controller()
@UseGuards(ScopeGuard)
@UseFilters(ProblemFilter)
export class DecisionsController {
  constructor(@Inject(DECIDER) private readonly decider: Decider) {}

  @GrpcMethod('DecisionService', 'Decide')
  @RequireScope('decide')
  async decide(request: RequestMessage, metadata: Metadata, call: ServerUnaryCall<unknown, unknown>): Promise<object> {
    const body = { ...request, context: request.context ? jsonOf(request.context) : undefined };
    return messageOf(await this.decider.answer(credentialOf(metadata).workspace, body, remainingMs(call)));
  }
}

/** A deadline of gRPC is a moment of this machine's clock, whatever clock decides. */
function remainingMs(call: ServerUnaryCall<unknown, unknown>): number {
  return Number(call.getDeadline()) - Date.now();
}

function messageOf(answer: DecideResponse): object {
  return { ...answer, decided: answer.decided && timestampOf(answer.decided), slots: answer.slots.map(slotMessage) };
}

function slotMessage({ payload, reason, ...slot }: SlotDecision): object {
  return {
    ...slot,
    ...(payload && { payload: structOf(payload) }),
    reason: reason && { ...reason, memberSince: reason.memberSince === undefined ? undefined : timestampOf(reason.memberSince) },
  };
}
