/** Prevents Node's warning about an unconfigured `localStorage`. */

/**
 * The SDK reads a debug setting from `localStorage` when it is constructed, for which Node 25 and newer print an
 * ExperimentalWarning. Outside pages, this hides `localStorage` from it.
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
