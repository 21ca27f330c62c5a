/** The table of commands, with what their handlers need. */

import { badField } from '../../channels/refusal-lines.js';
import { refuse } from '../../ports/decision.js';
import type { CommandHandlers } from '../command-intake.js';
import type { Session } from '../session.js';
import { type ConnectPorts, runConnect } from './connect.js';
import { type HistoryPorts, runHistory } from './history.js';
import { type MapSubscribePorts, runMapSubscribe } from './map-subscribe.js';
import { type PresencePorts, runPresence, runPresenceStats } from './presence.js';
import { type PublishPorts, runPublish } from './publish.js';
import { type RefreshPorts, runRefresh } from './refresh.js';
import { type RpcPorts, runRpc } from './rpc.js';
import { runSend, type SendPorts } from './send.js';
import { runSubRefresh, type SubRefreshPorts } from './sub-refresh.js';
import { runSubscribe } from './subscribe.js';
import { runUnsubscribe } from './unsubscribe.js';

type Ports = ConnectPorts &
  HistoryPorts &
  PresencePorts &
  PublishPorts &
  RefreshPorts &
  RpcPorts &
  SendPorts &
  SubRefreshPorts &
  MapSubscribePorts;

export function commandHandlers(ports: Ports): CommandHandlers<Session> {
  return {
    connect: (session, { id, request }) => runConnect(ports, session, id, request),
    subscribe: (session, { id, request }) =>
      request.map === undefined
        ? runSubscribe(ports, session, id, request)
        : runMapSubscribe(ports, session, id, request, request.map),
    unsubscribe: (session, { channel }) => runUnsubscribe(session, channel),
    publish: (session, command) => runPublish(ports, session, command),
    presence: (session, { channel }) => runPresence(ports, session, channel),
    presenceStats: (session, { channel }) => runPresenceStats(ports, session, channel),
    history: (session, { request }) => runHistory(ports, session, request),
    rpc: (session, { method, data }) => runRpc(ports, session, method, data),
    refresh: (session, { token }) => runRefresh(ports, session, token),
    subRefresh: (session, { channel, token }) => runSubRefresh(ports, session, channel, token),
    send: (session, { data }) => runSend(ports, session, data),
    ping: () => ({ kind: 'ping' }),
    pong: () => undefined,
    // The message tells the client's author what is wrong.
    invalid: (_, command) =>
      refuse({ ...command.error, message: `${command.error.message}: ${command.why}` }, badField(command)),
  };
}
