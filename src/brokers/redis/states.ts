/** Error states of Redis and Valkey, which docs/operations/brokers.md lists. */

import type { ServerState } from '../server-states.js';

/** Its replies begin with an error word. */
const said = (word: string) => new RegExp(`(?:^|: )${word} `);

export const redisStates: readonly ServerState[] = [
  {
    name: 'OOM',
    pattern: said('OOM'),
    remedy: 'its memory is full: raise maxmemory, or keep less (history.size, history.ttl)',
  },
  {
    name: 'READONLY',
    pattern: said('READONLY'),
    remedy: 'it is a replica: the address has to lead to the primary, or name sentinels or a cluster',
  },
  {
    name: 'MISCONF',
    pattern: said('MISCONF'),
    remedy: 'it cannot save its data: mend its disk, or set stop-writes-on-bgsave-error no',
  },
  {
    name: 'NOREPLICAS',
    pattern: said('NOREPLICAS'),
    remedy: 'it has fewer replicas than min-replicas-to-write asks for: bring one back, or ask for fewer',
  },
  {
    name: 'NOPERM',
    pattern: /NOPERM |ACL failure in script|user executing the script can't/,
    remedy: 'its ACL forbids its user something: see the rights in docs/operations/brokers.md',
  },
  {
    name: 'CLUSTERDOWN',
    pattern: /CLUSTERDOWN |nobody (?:in the cluster )?has (?:some of the|any) slots/,
    remedy:
      'a part of the cluster has no primary: bring one back, or set cluster-require-full-coverage no for the others',
  },
  { name: 'LOADING', pattern: said('LOADING'), remedy: 'it is reading its data: wait' },
  {
    name: 'MASTERDOWN',
    pattern: said('MASTERDOWN'),
    remedy: 'it is a replica that has lost its primary: the address has to lead to the primary',
  },
  {
    name: 'BUSY',
    pattern: said('BUSY'),
    remedy: "somebody else's script keeps it from everything: SCRIPT KILL ends that",
  },
  {
    name: 'NOAUTH',
    pattern: /NOAUTH |WRONGPASS |without any password configured/,
    remedy: 'the server refuses user or password: change broker, and restart',
  },
  {
    name: 'DENIED',
    pattern: said('DENIED'),
    remedy:
      'it lets in its own machine only (protected-mode): give it a password, or bind it to a network that is yours',
  },
  {
    name: 'maxclients',
    pattern: /max number of clients/,
    remedy: 'others have all its connections: raise maxclients, two are needed for each node',
  },
];
