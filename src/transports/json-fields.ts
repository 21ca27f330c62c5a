/** The fields of a request's body. */

/** `undefined` if the text is not JSON, or neither an object nor a list. */
export function fieldsOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    // safe: the fields of an object are unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Not JSON, so not a valid request.
    return undefined;
  }
}
