/** The stream that a request is for: its channel, the rule of that, and where its state is. */

import { findTarget, type Target, type TargetPorts } from '../../engine/sessions/commands/target.js';
import type { ChannelName } from '../../model/channel-name.js';
import { errorCodes } from '../../model/codes.js';
import { failed, malformed, type StreamAnswer } from './answer.js';
import { stateChannelOf } from './stream-state.js';

export interface StreamTarget extends Target {
  /** The channel whose map has the state. */
  readonly place: ChannelName;
}

/** Control paths of the protocol, which has subscriptions there. */
const reserved = /^__ds(?:\/|$)/;

export function findStream(ports: TargetPorts, name: string | undefined): StreamTarget | StreamAnswer {
  if (name === undefined || name === '') return malformed('the path has no name of a channel');
  if (reserved.test(name)) return failed(404, errorCodes.notAvailable, 'there are no subscriptions here');
  const target = findTarget(ports, name);
  if (!target.ok) {
    const { code, message } = 'error' in target ? target.error : errorCodes.permissionDenied;
    const status = code === errorCodes.unknownChannel.code ? 404 : code === errorCodes.badRequest.code ? 400 : 403;
    return failed(status, { code }, message);
  }
  const { channel, rule } = target;
  if (rule.stream === undefined || rule.map !== undefined || rule.streams !== undefined) {
    return failed(404, errorCodes.notAvailable, 'the channel has no history, or is a map, or has streams that grow');
  }
  const place = stateChannelOf(channel);
  return place === undefined ? malformed('the name is too long for a stream') : { ...target, place };
}
