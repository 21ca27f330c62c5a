/** Chromium's WebSocket and EventSource, in a page of the server that is asked: the same lines as of clients.mjs. */

import { chromium } from 'playwright-core';

const [, , client = '', url = '', first = ''] = process.argv;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
});
process.stdin.resume().on('end', async () => {
  await browser.close();
  process.exit(0);
});
const page = await browser.newPage();
await page.exposeFunction('tell', (event) => console.log(JSON.stringify(event)));
// Where nobody listens it stays at an empty page.
await page.goto(new URL('/page', url.replace(/^ws/, 'http')).href).catch(() => page.goto('about:blank'));
await page.evaluate(
  ([client, url, first]) => {
    const { tell } = window;
    const message = (text, fields) =>
      tell({ event: 'message', bytes: new TextEncoder().encode(text).length, text: text.slice(0, 300), ...fields });
    if (client === 'websocket') {
      const socket = new WebSocket(url);
      socket.onopen = () => {
        tell({ event: 'open' });
        if (first !== '') socket.send(first);
      };
      socket.onmessage = ({ data }) => {
        message(data);
        if (data === '{}') socket.send('{}');
      };
      socket.onerror = ({ type }) => tell({ event: 'error', text: type });
      socket.onclose = ({ code, reason }) => tell({ event: 'close', code, reason });
    } else {
      const source = new EventSource(url);
      source.onopen = () => tell({ event: 'open' });
      for (const name of ['message', 'start'])
        source.addEventListener(name, ({ type, data, lastEventId }) => message(data, { type, id: lastEventId }));
      source.onerror = () => tell({ event: source.readyState === 2 ? 'close' : 'interrupted' });
    }
  },
  [client, url, first],
);
