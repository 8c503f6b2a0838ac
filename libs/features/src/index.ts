export { compileComparisons, describeOperator, OPERATOR_NAMES, wordsOf } from './comparison.js';
export type { Comparison, CompiledComparisons, OperatorName } from './comparison.js';
export type { Answer, Operator, Test } from './operators/operator.js';
export { compilePath } from './path.js';
export type * from './partial.js';
export type * from './plan.js';
