/** Keeps Node from warning about a `localStorage` that it has and nobody has configured. */

/**
 * The SDK looks at `localStorage` when it is constructed, for a switch of its debugging output; Node 25 and newer print an
 * ExperimentalWarning for that. Outside pages it does not see it meanwhile.
 */
export function withoutNodeStorage<Result>(construct: () => Result): Result {
  const storage = Object.getOwnPropertyDescriptor(globalThis, 'localStorage');
  if (globalThis.document !== undefined || !storage?.get || !storage.configurable) return construct();
  Object.defineProperty(globalThis, 'localStorage', { value: undefined, configurable: true });
  try {
    return construct();
  } finally {
    Object.defineProperty(globalThis, 'localStorage', storage);
  }
}
