/** Runs inside the page: a channel read with the server's dictionary, in either codec. */

import { connect } from 'fanfare/client';
import { dictionary } from 'fanfare/client/dictionary';
import { protobuf } from 'fanfare/client/protobuf';

export interface ReadOptions {
  readonly isBinary: boolean;
  readonly hasDictionary: boolean;
  readonly count: number;
}

declare global {
  interface Window {
    read(options: ReadOptions): Promise<readonly unknown[]>;
  }
}

window.read = async ({ isBinary, hasDictionary, count }) => {
  const client = connect(location.origin, {
    transports: ['websocket'],
    ...(isBinary && { codec: protobuf }),
    ...(hasDictionary && { dictionary: dictionary() }),
  });
  const room = client.channel('prices:fx');
  const read: unknown[] = [];
  client.on('error', ({ code, message }) => read.push({ code, message }));
  await new Promise<void>((resolve) => {
    room.on('message', ({ data }) => {
      read.push(data);
      if (read.length === count) resolve();
    });
    void room.ready().then(() => client.rpc('begin'));
  });
  client.close();
  return read;
};
