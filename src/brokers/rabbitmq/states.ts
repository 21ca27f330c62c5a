/** Error states of RabbitMQ, which docs/operations/brokers.md lists. */

import type { ServerState } from '../server-states.js';

export const rabbitmqStates: readonly ServerState[] = [
  {
    name: 'memory alarm',
    pattern: /takes nothing: .*memory/i,
    remedy: 'it is above vm_memory_high_watermark: give it memory, or take what waits in its queues',
  },
  {
    name: 'disk alarm',
    pattern: /takes nothing: .*disk/i,
    remedy: 'it has less room than disk_free_limit asks for: make room',
  },
  { name: 'blocked', pattern: /takes nothing: /i, remedy: 'it has blocked those who publish: see its log' },
  {
    name: 'stream gone',
    pattern: /the (?:stream|queue) is gone|NOT_FOUND|stream_not_available/i,
    remedy: 'a queue or stream was deleted, or its server is down: the nodes declare it again, in a new epoch',
  },
  {
    name: 'access',
    pattern: /ACCESS_REFUSED|ACCESS-REFUSED|NOT_ALLOWED/,
    remedy: 'user, password, virtual host or rights are not those of the server: see docs/operations/brokers.md',
  },
  {
    name: 'full',
    pattern: /RESOURCE_ERROR|RESOURCE-ERROR|basic\.nack|message nacked/i,
    remedy: 'a limit of the server, the virtual host or a policy is reached (max-connections, max-length): raise it',
  },
];
