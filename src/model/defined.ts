/**
 * The fields that have a value, for optional properties, which must be absent rather than `undefined`
 * (`exactOptionalPropertyTypes`). It makes objects of its own: what runs for each message spreads conditions instead.
 *
 * @example const options = { url, ...defined({ title, version }) };
 */
export function defined<Fields extends object>(fields: Fields): Defined<Fields> {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  // safe: what is left of the same fields
  return Object.fromEntries(kept) as Defined<Fields>;
}

type Defined<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };
