/** The two modules of Node that tests use: not worth a dependency on all its types. */

declare module "node:test" {
  export function test(name: string, body: () => void | Promise<void>): void;
}

declare module "node:assert/strict" {
  interface Assert {
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    rejects(promise: Promise<unknown>, expected: RegExp): Promise<void>;
  }
  const assert: Assert;
  export default assert;
}
