// Types of free-ports.mjs, for tests in TypeScript.
export function freePorts(count: number): Promise<readonly number[]>;
