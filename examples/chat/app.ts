/** The chat as a Fanfare application; its type is what the page's client is typed by. */

import { type FanfareOptions, fanfare } from 'fanfare';
import { chatChannels } from './channels.js';

/** @param options what the chat leaves open: limits, origins, a broker, a log */
export function chatApp(options: Pick<FanfareOptions, 'broker' | 'limits' | 'log' | 'origins'> = {}) {
  return fanfare({ ...options, anonymous: true, channels: chatChannels });
}

export type ChatApp = ReturnType<typeof chatApp>;
