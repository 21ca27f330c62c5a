/** What NATS says when it does not do what is asked of it. docs/operations/brokers.md has the same as a table. */

import type { ServerState } from '../server-states.js';

export const natsStates: readonly ServerState[] = [
  {
    name: 'no quorum',
    pattern: /temporarily unavailable|(?:^|: )timeout$|stream is offline|no suitable peers/,
    remedy: 'JetStream does not answer: most of the servers that keep the streams have to be up',
  },
  {
    name: 'full',
    pattern: /maximum (?:bytes|messages) exceeded|insufficient (?:storage )?resources|resources? (?:limits )?exceeded/,
    remedy:
      'a stream, the account or the server is at its limit (max_bytes, max_msgs, max_file, max_mem): raise it, or keep less',
  },
  {
    name: 'max_msg_size',
    pattern: /message size exceeds maximum/,
    remedy: 'somebody has bounded the messages of a stream: raise its max_msg_size',
  },
  {
    name: 'sealed',
    pattern: /sealed stream/,
    remedy: 'somebody has sealed a stream: delete it, and the nodes make another, in a new epoch',
  },
  {
    name: 'permissions',
    pattern: /Permissions Violation/i,
    remedy: 'its user may not use a subject: see the rights in docs/operations/brokers.md',
  },
  {
    name: 'login',
    pattern: /Authorization Violation|Authentication (?:Expired|Timeout|Revoked)/i,
    remedy: 'user, password or credentials are not, or no more, those of the server: change broker, and restart',
  },
  {
    name: 'max_connections',
    pattern: /maximum (?:account active )?connections exceeded/i,
    remedy: 'others have all its connections: raise max_connections, one is needed for each node',
  },
  {
    name: 'no JetStream',
    pattern: /jetstream (?:is )?not enabled|no responders/i,
    remedy:
      'no stream answers: the server or the account has no JetStream (nats-server -js), or the stream is being made',
  },
];
