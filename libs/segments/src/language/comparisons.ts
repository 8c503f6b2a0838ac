// Reading comparisons: `{ gte: 3 }`, a bare scalar, or the keys beside `trait` and `feature`. The operators are those of libs/features.
// Q1 Every operand is checked by its operator; a subject that is always a number takes numbers only.
// Q2 What can never hold together is refused.
import { describeOperator, OPERATOR_NAMES, type Comparison, type OperatorName } from '@tessera/features';
import { canonicalComparisons } from './canonical.js';
import { contradictionIn } from './contradiction.js';
import { numberHint, readMapping, refuse, type Field, type Fields } from './field.js';
import { nearest } from './suggest.js';

/** What is compared: a whole number that is always there, a number that is, a number that may be missing, any value. */
export type Subject = 'count' | 'number' | 'optional-number' | 'value';

const NUMBER_OPERATORS: readonly OperatorName[] = ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'between'];

export function operatorsOf(subject: Subject): readonly OperatorName[] {
  if (subject === 'value') return OPERATOR_NAMES;
  return subject === 'optional-number' ? [...NUMBER_OPERATORS, 'exists'] : NUMBER_OPERATORS;
}

/** A mapping of operators, or a bare scalar, which means `eq`. */
export function readComparisons(field: Field, what: string, subject: Subject): readonly Comparison[] | undefined {
  const { value } = field;
  if (value === null || value === undefined) {
    return refuse(
      field,
      'wrong-type',
      `${what} compares with nothing`,
      'a value or operators',
      'for a missing value write { exists: false }',
    );
  }
  if (Array.isArray(value)) {
    return refuse(
      field,
      'ambiguous',
      `${what} compares with a list`,
      'a value or operators',
      'write { in: [ … ] } for one of them',
    );
  }
  if (typeof value !== 'object') {
    const comparison = checkOperand(field, 'eq', value, what, subject);
    return comparison && agreeing(field, what, subject, [comparison]);
  }
  const fields = readMapping(field, what);
  return fields && readOperators(field, fields, what, subject);
}

/** Operators of a mapping all of whose keys are operators. */
export function readOperators(owner: Field, fields: Fields, what: string, subject: Subject): readonly Comparison[] | undefined {
  const operators = operatorsOf(subject);
  if (fields.size === 0) {
    const allowed = operators.join(', ');
    return refuse(owner, 'empty', `${what} has no comparison`, allowed, 'add one, for example gte: 1');
  }
  const comparisons: Comparison[] = [];
  for (const [key, field] of fields) {
    if ((operators as readonly string[]).includes(key)) {
      const comparison = checkOperand(field, key as OperatorName, field.value, what, subject);
      if (comparison !== undefined) comparisons.push(comparison);
    } else refuseOperator(field, key, what, operators);
  }
  return comparisons.length === fields.size ? agreeing(owner, what, subject, comparisons) : undefined;
}

function refuseOperator(field: Field, key: string, what: string, operators: readonly OperatorName[]): void {
  const near = nearest(key, operators);
  const known = describeOperator(key) !== undefined;
  field.report.refuse({
    code: 'unknown-operator',
    place: field.place,
    problem: known ? `${what} is a number and does not take '${key}'` : `there is no operator '${key}'`,
    found: key,
    allowed: operators.join(', '),
    suggestion: near === undefined ? `use one of: ${operators.join(', ')}` : `did you mean '${near}'`,
  });
}

function checkOperand(
  field: Field,
  name: OperatorName,
  operand: unknown,
  what: string,
  subject: Subject,
): Comparison | undefined {
  const operator = describeOperator(name);
  if (operator === undefined) return undefined;
  if (!operator.check(operand)) {
    return refuse(field, 'wrong-type', `'${name}' takes ${operator.takes}`, operator.takes, operandHint(name, operand));
  }
  if (subject !== 'value' && name !== 'exists') {
    const operands: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
    const bad = operands.find((each) => typeof each !== 'number');
    if (bad !== undefined)
      return refuse(field, 'wrong-type', `${what} is a number; '${name}' must compare with numbers`, 'numbers', numberHint(bad));
    if (subject === 'count' && operands.some((each) => !Number.isSafeInteger(each) || (each as number) < 0)) {
      return refuse(field, 'bad-value', `${what} is a whole number from 0`, 'whole numbers from 0', 'for example gte: 1');
    }
  }
  return { operator: name, operand };
}

function operandHint(name: OperatorName, operand: unknown): string {
  const list = Array.isArray(operand);
  switch (name) {
    case 'eq':
    case 'ne':
      return list
        ? `use '${name === 'eq' ? 'in' : 'nin'}' for a list`
        : operand === null
          ? 'for a missing value use exists: false'
          : 'write a single value';
    case 'in':
    case 'nin':
      if (list)
        return operand.length === 0 ? 'add an element; an empty list matches nothing' : 'write texts, numbers, true or false';
      return `put it in a list: [${typeof operand === 'object' ? '…' : String(operand)}]`;
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return typeof operand === 'string' && /^\d{4}-/.test(operand) ? 'use before or after for dates' : numberHint(operand);
    case 'between':
      if (list && operand.length === 2 && operand[0] > operand[1])
        return `swap them: [${String(operand[1])}, ${String(operand[0])}]`;
      return 'for example [1, 10]';
    case 'exists':
      return 'write exists: true or exists: false';
    case 'before':
    case 'after':
      return 'for example 2026-01-31';
    case 'withinLast':
    case 'withinNext':
      return 'for example 7d';
    case 'matches':
      return 'simplify the pattern';
    default:
      return typeof operand === 'number' ? `put it in quotes: "${String(operand)}"` : 'write a text';
  }
}

function agreeing(
  owner: Field,
  what: string,
  subject: Subject,
  comparisons: readonly Comparison[],
): readonly Comparison[] | undefined {
  const contradiction = contradictionIn(comparisons, subject === 'value' ? 'value' : subject === 'count' ? 'count' : 'number');
  if (contradiction !== undefined) {
    return refuse(
      owner,
      'contradiction',
      `${what} can never hold: ${contradiction.problem}`,
      'comparisons that some value meets',
      contradiction.suggestion,
    );
  }
  return canonicalComparisons(comparisons);
}
