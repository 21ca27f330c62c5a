/** Runs inside the page: a client by long polling that is in a room. */

import { Centrifuge } from 'centrifuge';
import { LongPollingSocket } from '../../../src/client/long-polling-socket.js';

declare global {
  interface Window {
    joinRoom(): Promise<void>;
  }
}

window.joinRoom = async () => {
  const client = new Centrifuge([{ transport: 'sockjs', endpoint: '/connection/long_polling' }], {
    sockjs: LongPollingSocket,
  });
  const room = client.newSubscription('room');
  room.subscribe();
  client.connect();
  await room.ready(20_000);
};
