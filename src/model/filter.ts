/** A filter by tags, as a client sends it (`tf` of a subscribe): which publications of a channel it wants. Checked. */

/** Of texts: equal, not equal, starts with, ends with, contains. */
export const textTests = ['eq', 'neq', 'sw', 'ew', 'ct'] as const;
/** Of decimal numbers. */
export const numberTests = ['lt', 'lte', 'gt', 'gte'] as const;
/** Of a list of texts: in it, not in it. */
export const listTests = ['in', 'nin'] as const;
/** Whether there is such a tag. */
export const presenceTests = ['ex', 'nex'] as const;

/** A node of the tree; the names are those of the protocol. */
export type FilterNode =
  | { readonly op: 'and' | 'or'; readonly nodes: readonly FilterNode[] }
  | { readonly op: 'not'; readonly node: FilterNode }
  | {
      readonly op: 'test';
      readonly cmp: (typeof textTests)[number] | (typeof numberTests)[number];
      readonly key: string;
      readonly val: string;
    }
  | {
      readonly op: 'list';
      readonly cmp: (typeof listTests)[number];
      readonly key: string;
      readonly vals: readonly string[];
    }
  | { readonly op: 'presence'; readonly cmp: (typeof presenceTests)[number]; readonly key: string };

/** The levels of the tree; one for a single test. */
export function depthOf(node: FilterNode): number {
  switch (node.op) {
    case 'and':
    case 'or':
      return 1 + Math.max(...node.nodes.map(depthOf));
    case 'not':
      return 1 + depthOf(node.node);
    default:
      return 1;
  }
}

/** The tags that it looks at. */
export function* tagsOf(node: FilterNode): Iterable<string> {
  switch (node.op) {
    case 'and':
    case 'or':
      for (const inner of node.nodes) yield* tagsOf(inner);
      break;
    case 'not':
      yield* tagsOf(node.node);
      break;
    default:
      yield node.key;
  }
}
