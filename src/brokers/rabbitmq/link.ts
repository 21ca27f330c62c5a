/** A link to RabbitMQ: one connection to a server of the cluster. */

import { Link, type LinkOptions, type Session } from '../link.js';
import type { BrokerPorts } from '../ports.js';
import type { Connection } from './client-library.js';
import { destroy } from './dialer.js';
import { rabbitmqStates } from './states.js';

export type RabbitmqLink<S extends Session> = Link<Connection, S>;

export function rabbitmqLink<S extends Session>(
  options: Omit<LinkOptions<Connection, S>, 'kind' | 'destroy'>,
  ports: BrokerPorts,
): RabbitmqLink<S> {
  return new Link(
    {
      ...options,
      kind: 'rabbitmq',
      states: rabbitmqStates,
      destroy,
      open: (connection, fail) => {
        connection.on('error', fail);
        connection.on('close', (reason) => fail(reason ?? new Error('the connection has ended')));
        return options.open(connection, fail);
      },
    },
    ports,
  );
}
