/** All methods of the API. */

import type { ApiMethod } from './method.js';
import { broadcast } from './methods/broadcast.js';
import { channels } from './methods/channels.js';
import { channel, channelsPage } from './methods/channels-page.js';
import { config } from './methods/config.js';
import { connection, connections } from './methods/connections.js';
import { disconnect } from './methods/disconnect.js';
import { events } from './methods/events.js';
import { history, historyRemove } from './methods/history.js';
import { info } from './methods/info.js';
import { logLevel } from './methods/log-level.js';
import { mapPublish, mapReadState, mapReadStream, mapRemove } from './methods/maps.js';
import { nodes } from './methods/nodes.js';
import { presence, presenceStats } from './methods/presence.js';
import { publish } from './methods/publish.js';
import { refresh } from './methods/refresh.js';
import { blockUser, invalidateUserTokens, revokeToken, unblockUser } from './methods/revocation.js';
import { streamAppend, streamCancel, streamClose, streamOpen, streamRead, streamWait } from './methods/streams.js';
import { subscribe } from './methods/subscribe.js';
import { tail } from './methods/tail.js';
import { ticket } from './methods/ticket.js';
import { unsubscribe } from './methods/unsubscribe.js';

export const apiMethods: readonly ApiMethod[] = [
  publish,
  broadcast,
  subscribe,
  unsubscribe,
  disconnect,
  refresh,
  presence,
  presenceStats,
  history,
  historyRemove,
  mapPublish,
  mapRemove,
  mapReadState,
  mapReadStream,
  streamOpen,
  streamAppend,
  streamClose,
  streamCancel,
  streamWait,
  streamRead,
  channels,
  info,
  revokeToken,
  invalidateUserTokens,
  blockUser,
  unblockUser,
  ticket,
  logLevel,
  nodes,
  connections,
  connection,
  channelsPage,
  channel,
  events,
  tail,
  config,
];
