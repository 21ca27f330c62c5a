/** What a token says of its user for others to see is shown as its maker wrote it. */

import { createHmac } from 'node:crypto';
import { channel, fanfare, jwt } from 'fanfare';
import { expect, test } from 'vitest';
import { messageWith } from '../support/clients/frames.js';
import { openWebSocket } from '../support/clients/websocket-peer.js';
import { carriedTexts } from '../support/engine/json-texts.js';

const secret = 'token-secret-0123456789abcdef-0123456789';
const [info = '', data = '', odd = ''] = carriedTexts;

/** Signs claims as they stand. */
function sign(claims: string): string {
  const encode = (text: string) => Buffer.from(text).toString('base64url');
  const signed = `${encode('{"alg":"HS256"}')}.${encode(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

test('info, and info and data of subscriptions, of connection and subscription tokens', async () => {
  const metas: unknown[] = [];
  await using app = Object.assign(
    fanfare({
      auth: jwt({ secret }),
      log: { debug() {}, info() {}, warn() {}, error: console.error },
      channels: {
        'token:{x}': channel({ subscribe: 'token', publish: 'anyone' }),
        'server:{x}': channel({
          publish: ({ meta }) => {
            metas.push(meta);
            return true;
          },
        }),
      },
    }),
    { [Symbol.asyncDispose]: () => app.close(0) },
  );
  const { url } = await app.listen(0);
  const b64 = Buffer.from(odd).toString('base64');
  const subs = `{"server:a":{"info":${data},"data":${info}},"server:b":{"b64info":"${b64}","b64data":"${b64}"}}`;
  const token = sign(`{"sub":"u","info":${info},"meta":{"id":12345678901234567890},"subs":${subs}}`);
  const peer = await openWebSocket(url, `{"id":1,"connect":{"token":"${token}"}}`);
  const connected = await messageWith(peer.frames, '{"id":1');
  expect(connected).toContain(`"server:a":{"data":${info}}`);
  expect(connected).toContain(`"server:b":{"data":${odd}}`);

  peer.send('{"id":2,"publish":{"channel":"server:a","data":1}}\n{"id":3,"publish":{"channel":"server:b","data":1}}');
  const own = `"info":{"user":"u","client":"`;
  expect(await messageWith(peer.frames, '"channel":"server:a"')).toContain(`"conn_info":${info},"chan_info":${data}}`);
  expect(await messageWith(peer.frames, '"channel":"server:b"')).toContain(`"chan_info":${odd}}`);
  expect(await messageWith(peer.frames, own)).toContain(own);
  expect(metas).toEqual([{ id: 12345678901234567000 }, { id: 12345678901234567000 }]);

  const subscription = sign(`{"sub":"u","channel":"token:c","info":${data}}`);
  peer.send(
    `{"id":4,"subscribe":{"channel":"token:c","token":"${subscription}"}}\n{"id":5,"publish":{"channel":"token:c","data":1}}`,
  );
  expect(await messageWith(peer.frames, '"channel":"token:c","pub"')).toContain(`"chan_info":${data}}`);
  peer.destroy();
});
