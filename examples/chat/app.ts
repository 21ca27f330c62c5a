/** The chat as a Fanfare application; its type gives the page's client its types. */

import { type FanfareOptions, fanfare } from 'fanfare';
import { chatChannels } from './channels.js';

/** @param options the options that the chat leaves open: limits, origins, a broker, a log */
export function chatApp(options: Pick<FanfareOptions, 'broker' | 'limits' | 'log' | 'origins'> = {}) {
  return fanfare({ ...options, anonymous: true, channels: chatChannels });
}

export type ChatApp = ReturnType<typeof chatApp>;

/** What `fanfare dev` adds to its server. */
export function example() {
  return { channels: chatChannels };
}
