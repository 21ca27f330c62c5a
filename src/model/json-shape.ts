/** Which values in a JSON text are kept as text and not parsed. */

/** `source`: the value itself. Otherwise the shape of its members, or of its elements. */
export type JsonShape = 'source' | MembersShape | EachShape;

interface MembersShape {
  readonly members: ReadonlyMap<string, JsonShape>;
}

interface EachShape {
  /** Of every element of a list, of every member of an object. */
  readonly each: JsonShape;
}

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
