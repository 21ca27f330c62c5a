/**
 * Error states of NATS, which docs/operations/brokers.md lists. The codes are those of JetStream (`err_code`;
 * server/errors.json of nats-server); errors of the protocol itself have only texts.
 */

import type { ServerState } from '../server-states.js';

export const natsStates: readonly ServerState[] = [
  {
    name: 'no quorum',
    pattern: /(?:^|: )timeout$/,
    codes: [10_005, 10_008, 10_009, 10_118, 10_163, 10_194],
    remedy: 'JetStream does not answer: most of the servers that keep the streams have to be up',
  },
  {
    name: 'full',
    // All refusals by a stream's store have the same code (10077), with different texts.
    pattern: /maximum (?:bytes|messages) exceeded/,
    codes: [10_002, 10_023, 10_027, 10_028, 10_047, 10_122],
    remedy:
      'a stream, the account or the server is at its limit (max_bytes, max_msgs, max_file, max_mem, max_streams): raise it, or keep less',
  },
  {
    name: 'max_msg_size',
    pattern: /message size exceeds maximum/,
    codes: [10_054],
    remedy: 'somebody has bounded the messages of a stream: raise its max_msg_size',
  },
  {
    name: 'sealed',
    pattern: /sealed stream/,
    codes: [10_109],
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
    remedy: 'the server refuses user, password or credentials: change broker, and restart',
  },
  {
    name: 'max_connections',
    pattern: /maximum (?:account active )?connections exceeded/i,
    remedy: 'others have all its connections: raise max_connections, one is needed for each node',
  },
  {
    name: 'no JetStream',
    pattern: /jetstream (?:is )?not enabled|no responders/i,
    codes: [10_039, 10_076, 10_120],
    remedy:
      'no stream answers: the server or the account has no JetStream (nats-server -js), or the stream is being made',
  },
];
