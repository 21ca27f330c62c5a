/** Which values in a JSON text are kept as text and not parsed. */

/** `source`: the value itself. Otherwise the shapes of members, or of every element of a list or member of an object. */
export type JsonShape = 'source' | { readonly members: ReadonlyMap<string, JsonShape> } | { readonly each: JsonShape };

export function members(shapes: Readonly<Record<string, JsonShape>>): JsonShape {
  return { members: new Map(Object.entries(shapes)) };
}

export function each(shape: JsonShape): JsonShape {
  return { each: shape };
}

export function shapeOfMember(shape: JsonShape | undefined, key: string): JsonShape | undefined {
  if (shape === undefined || shape === 'source') return undefined;
  return 'each' in shape ? shape.each : shape.members.get(key);
}

export function shapeOfElement(shape: JsonShape | undefined): JsonShape | undefined {
  return shape !== undefined && shape !== 'source' && 'each' in shape ? shape.each : undefined;
}
