/**
 * One form for filters that mean the same by their structure, whatever the order and nesting in which clients write them:
 * subscribers whose filters have the same form share one.
 */

import type { FilterNode } from '../../model/filter.js';

export function canonical(node: FilterNode): FilterNode {
  switch (node.op) {
    case 'and':
    case 'or': {
      const nodes = inOrder(
        node.nodes.map(canonical).flatMap((inner) => (inner.op === node.op ? inner.nodes : [inner])),
      );
      const [first] = nodes;
      return nodes.length === 1 && first !== undefined ? first : { op: node.op, nodes };
    }
    case 'not': {
      const inner = canonical(node.node);
      return inner.op === 'not' ? inner.node : { op: 'not', node: inner };
    }
    case 'list': {
      const vals = [...new Set(node.vals)].sort();
      return { op: 'list', cmp: node.cmp, key: node.key, vals };
    }
    case 'test':
      return { op: 'test', cmp: node.cmp, key: node.key, val: node.val };
    case 'presence':
      return { op: 'presence', cmp: node.cmp, key: node.key };
  }
}

/** Without repetitions. The members of a canonical node always have the same order, so its JSON is a key. */
function inOrder(nodes: readonly FilterNode[]): readonly FilterNode[] {
  const byText = new Map(nodes.map((node) => [JSON.stringify(node), node]));
  return [...byText.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, node]) => node);
}
