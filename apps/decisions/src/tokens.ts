// Provider token of the module.

export const DECIDER = Symbol('Decider');
