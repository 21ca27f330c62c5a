/** Channel names in tests. */

import { type ChannelName, parseChannelName } from '../../../src/model/channel-name.js';

/** The name, branded; a test that gives a wrong one is wrong. */
export function channelName(text: string): ChannelName {
  const name = parseChannelName(text);
  if (name === undefined) throw new Error(`not a channel name: ${text}`);
  return name;
}
