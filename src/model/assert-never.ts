/** Closes a `switch` over a union. */

/** Does not compile while a case is missing; throws if outside data was let in unchecked. */
export function assertNever(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
