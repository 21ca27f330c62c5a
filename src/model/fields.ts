/** Values of unknown kind that came as JSON. */

export type Fields = Readonly<Record<string, unknown>>;

/** A JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
