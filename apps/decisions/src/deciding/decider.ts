// One request for decisions: check it, read the person within the deadline, decide. gRPC and HTTP both come here.
// R1 Refused only if malformed. A read model that is late, failing or hanging is an answer: the fallbacks, with the reason.
// R2 The deadline is the soonest of what the request says, what the call has left and 2 s. A fifth of it, 50 ms at most, is kept
//    for the way back, so that the answer is there before the client gives up.
// R3 Nothing but the read model is asked, and the definitions that this process last saw: segments and identity may be down.
import type { DecideResponse } from '@tessera/contracts';
import {
  type DecisionDefinitions,
  type DecisionPlan,
  type PersonAnswer,
  type Question,
  type ReadContent,
  type ReadKey,
  NOBODY,
  PayloadCache,
  decide,
  parseQuestion,
  planOf,
  problemText,
  readPerson,
  segmentsOf,
} from '@tessera/decisions';
import { ProblemException } from '@tessera/nest';
import type { Clock, Ids } from '@tessera/runtime';
import type { ReadModel } from '@tessera/read-model';
import type { DecisionCounters } from './decision-counters.js';
import type { DecisionLog } from './decision-log.js';

export interface DeciderOptions {
  readonly readModel: ReadModel;
  /** The set that is active for a workspace, the same object as long as it is. */
  readonly definitions: (workspace: string) => DecisionDefinitions | undefined;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly secretOf: (workspace: string) => string;
  readonly counters: DecisionCounters;
  readonly log: DecisionLog | undefined;
}

const RETURN_SHARE = 0.2;
const RETURN_MS_MAX = 50;
const LATE: PersonAnswer = { kind: 'timeout' };
const AWAY: PersonAnswer = { kind: 'unavailable' };

export class Decider {
  private readonly payloads = new PayloadCache();
  private readonly plans = new WeakMap<DecisionDefinitions, DecisionPlan>();

  constructor(private readonly options: DeciderOptions) {}

  /** @param remainingMs what the call has left; Infinity for no deadline of its own */
  async answer(workspace: string, body: unknown, remainingMs: number): Promise<DecideResponse> {
    const { clock, counters, ids, log, readModel } = this.options;
    const question = this.questionOf(body);
    const budgetMs = Math.min(question.deadlineMs, remainingMs);
    const deadlineMs = clock.nowMs() + budgetMs - Math.min(budgetMs * RETURN_SHARE, RETURN_MS_MAX);
    const plan = this.planOf(workspace);
    const person = plan === undefined ? NOBODY : await this.personBy(deadlineMs, workspace, question, plan);
    const answer = decide({
      question,
      plan,
      person,
      nowMs: clock.nowMs(),
      deadlineMs: plan === undefined ? Infinity : deadlineMs,
      stalenessMs: readModel.freshness(),
      decisionId: ids.next(),
    });
    counters.answered++;
    for (const slot of answer.slots) counters.countSlot(slot.status, slot.reason?.code ?? '');
    log?.add(workspace, answer);
    return answer;
  }

  private questionOf(body: unknown): Question {
    const parsed = parseQuestion(body);
    if (parsed.kind === 'question') return parsed.question;
    this.options.counters.refused++;
    const { field, found, allowed } = parsed.problem;
    throw new ProblemException('invalid-field', {
      detail: problemText(parsed.problem),
      field,
      found,
      allowed,
      next: 'correct the field and send the request again',
    });
  }

  private planOf(workspace: string): DecisionPlan | undefined {
    const definitions = this.options.definitions(workspace);
    if (definitions === undefined) return undefined;
    let plan = this.plans.get(definitions);
    if (plan === undefined) this.plans.set(definitions, (plan = planOf(definitions, this.payloads)));
    return plan;
  }

  private async personBy(deadlineMs: number, workspace: string, question: Question, plan: DecisionPlan): Promise<PersonAnswer> {
    const { clock, counters } = this.options;
    const waitMs = deadlineMs - clock.nowMs();
    if (waitMs <= 0) return this.late();
    const answered = new AbortController();
    const reading = this.read(workspace, question, plan).catch(() => AWAY);
    const person = await Promise.race([reading, clock.wait(waitMs, answered.signal).then(() => LATE)]);
    answered.abort();
    if (person === LATE) return this.late();
    if (person === AWAY) counters.unavailable++;
    return person;
  }

  private late(): PersonAnswer {
    this.options.counters.timeouts++;
    return LATE;
  }

  private async read(workspace: string, question: Question, plan: DecisionPlan): Promise<PersonAnswer> {
    const { readModel, secretOf } = this.options;
    const reading = readPerson({
      workspace,
      secret: secretOf(workspace),
      person: question.person,
      identityRules: plan.identityRules,
      segments: segmentsOf(plan, question.slots),
    });
    let step: IteratorResult<readonly ReadKey[], PersonAnswer> = reading.next();
    while (!step.done) {
      const contents: readonly ReadContent[] = await readModel.get(step.value);
      step = reading.next(contents);
    }
    return step.value;
  }
}
