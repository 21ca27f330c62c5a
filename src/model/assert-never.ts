/** Closes a `switch` over a union. */

/** Does not compile while a case is missing; throws if unchecked data was accepted. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
