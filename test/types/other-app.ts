/** A second application, to be taken for another one. */

import { channel, fanfare } from 'fanfare';

export const app = fanfare({ channels: { 'sensor:{id}': channel() } });
