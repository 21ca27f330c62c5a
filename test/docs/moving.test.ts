/** docs/moving: the applications before and after, on the servers that they are for, and the bridges between them. */

import { followed } from './terminals.js';

followed('the chat on Socket.IO, on Fanfare, and on both', 'docs/moving/socket-io.md');
followed('an application of Centrifugo, on Fanfare', 'docs/moving/centrifugo.md');
followed('the chat of Pusher, on Fanfare', 'docs/moving/pusher.md');
followed('the chat of Ably, on Fanfare', 'docs/moving/ably.md');
followed('a room on ws, on Fanfare, and on both', 'docs/moving/ws.md');
