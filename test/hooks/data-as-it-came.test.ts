/** JSON goes through hooks as it came: what clients send to the backend, what the backend answers to clients. */

import { describe, expect, test } from 'vitest';
import { messageWith } from '../support/clients/frames.js';
import { openWebSocket } from '../support/clients/websocket-peer.js';
import { carriedTexts } from '../support/engine/json-texts.js';
import { HookedServer } from './hooked-server.js';

const [sent = '', answered = ''] = carriedTexts;

async function start() {
  const server = await HookedServer.start({
    channels: {
      'room:{id}': { subscribe: 'hook', publish: 'hook', presence: 'anyone', history: { size: 10, ttl: '5m' } },
    },
    hooks: {
      connect: '/connect',
      subscribe: '/subscribe',
      publish: '/publish',
      rpc: '/rpc',
      events: '/events',
      includeMeta: true,
    },
  });
  const plain = (result: string) => () => ({ status: 200, text: `{"result":${result}}` });
  const subs = `{"room:server":{"info":${answered},"data":${answered}}}`;
  server.backend
    .on('/connect', plain(`{"user":"u","info":${answered},"data":${answered},"meta":${answered},"subs":${subs}}`))
    .on('/subscribe', plain(`{"info":${answered},"data":${answered}}`))
    .on('/publish', plain(`{"data" : ${answered}}`))
    .on('/rpc', plain(`{"data":${answered}}`))
    .on('/events', () => ({}));
  return server;
}

describe('hooks', () => {
  test('ask with what the client sent, and the client gets what was answered', async () => {
    await using server = await start();
    const { backend } = server;
    const asked = (path: string) => backend.callsTo(path)[0]?.text ?? '';
    const peer = await openWebSocket(`http://127.0.0.1:${server.port}`, `{"id":1,"connect":{"data":${sent}}}`);
    const connected = await messageWith(peer.frames, '{"id":1');
    expect(asked('/connect')).toContain(`"data":${sent}}`);
    expect(connected).toContain(`"data":${answered},"subs":{"room:server":{`);
    expect(connected.split(`"data":${answered}`)).toHaveLength(3);

    peer.send(`{"id":2,"subscribe":{"channel":"room:a","data":${sent}}}`);
    expect(await messageWith(peer.frames, '{"id":2')).toContain(`"data":${answered}`);
    expect(asked('/subscribe')).toContain(`"meta":${answered},"channel":"room:a","data":${sent}}`);

    peer.send(`{"id":3,"publish":{"channel":"room:a","data":${sent}}}`);
    const publication = await messageWith(peer.frames, '"pub"');
    expect(asked('/publish')).toContain(`"meta":${answered},"channel":"room:a","data":${sent}}`);
    expect(publication).toContain(`"pub":{"data":${answered},"info":{`);
    expect(publication).toContain(`"conn_info":${answered},"chan_info":${answered}}`);

    peer.send(`{"id":4,"rpc":{"method":"m","data":${sent}}}`);
    expect(await messageWith(peer.frames, '{"id":4')).toBe(`{"id":4,"rpc":{"data":${answered}}}`);
    expect(asked('/rpc')).toContain(`"meta":${answered},"method":"m","data":${sent}}`);

    const [event] = await backend.waitFor('/events');
    expect(event?.text).toContain(`"meta":${answered}`);
    expect(event?.body.events).toBeInstanceOf(Array);
    peer.destroy();
  });
});
