/** A plan for people: one line for each step. */

import type { Action, Plan } from './plan.js';

export function planText(plan: Plan): string {
  const { broker, numNodes, clients, activeMs, isHushed, maxConnectionsPerUser, seed, steps } = plan;
  const head = [
    `seed ${seed}: ${numNodes} ${numNodes === 1 ? 'node' : 'nodes'} over ${broker}, ${(activeMs / 1_000).toFixed(1)} s until everything heals`,
    ...(isHushed === true ? ['nothing is published then until everybody has what there is'] : []),
    ...(maxConnectionsPerUser > 0 ? [`at most ${maxConnectionsPerUser} connections of each user`] : []),
    ...clients.map(({ user, transport, channels, tokenMs }, n) => {
      const token = tokenMs === undefined ? '' : `, tokens for ${tokenMs} ms`;
      return `c${n + 1}: user u${user + 1}, ${transport}${token}, in ${channels.join(', ') || 'nothing'}`;
    }),
  ];
  return [
    ...head,
    ...steps.map(({ atMs, action }) => `${(atMs / 1_000).toFixed(3).padStart(9)} s  ${actionText(action)}`),
  ].join('\n');
}

function actionText({ kind, ...fields }: Action): string {
  const words = Object.entries(fields).map(
    ([name, value]) => `${name} ${Array.isArray(value) ? value.join(' ') : String(value)}`,
  );
  return [kind, ...words].join(', ');
}
