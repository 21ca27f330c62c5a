/**
 * One connection of one client at its defaults: CLIENT URL [FIRST-FRAME]. Prints what the client hands out as lines of JSON.
 * It ends when its standard input does.
 */

import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

const [, , client = '', url = '', first = ''] = process.argv;
process.stdin.resume().on('end', () => process.exit(0));
for (const name of ['uncaughtException', 'unhandledRejection'])
  process.on(name, (error) => tell('thrown', { text: String(error) }));

function tell(event, fields = {}) {
  const { text, ...rest } = fields;
  const kept = Object.entries(rest).filter(([, value]) => value !== undefined && value !== '' && value !== null);
  console.log(JSON.stringify({ event, ...Object.fromEntries(kept), ...(text && { text: text.slice(0, 300) }) }));
}

const message = (text, fields) => tell('message', { bytes: Buffer.byteLength(text), text, ...fields });

/** A WebSocket as browsers have it. The pings of the Centrifugal protocol are messages, and so are the pongs. */
function standard(WebSocket) {
  const socket = new WebSocket(url);
  socket.onopen = () => {
    tell('open', { type: socket.protocol });
    if (first !== '') socket.send(first);
  };
  socket.onmessage = ({ data }) => {
    message(data);
    if (data === '{}') socket.send('{}');
  };
  socket.onerror = (event) => tell('error', { text: String(event.message || event.error?.message || event.type) });
  socket.onclose = ({ code, reason }) => tell('close', { code, reason });
}

function events(source) {
  source.onopen = () => tell('open');
  const onEvent = ({ type, data, lastEventId }) => message(data, { type, id: lastEventId });
  for (const type of ['message', 'start']) source.addEventListener(type, onEvent);
  source.onerror = (event) => {
    tell(source.readyState === 2 ? 'close' : 'interrupted', { status: event.code, text: String(event.message ?? '') });
  };
}

async function lines(response) {
  if (response.status !== 200) {
    tell('error', { status: response.status, retryAfter: response.headers.get('retry-after') });
    return;
  }
  tell('open');
  try {
    for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) message(line);
  } catch (error) {
    tell('error', { text: String(error) });
  }
  tell('close');
}

const clients = {
  own: () => standard(WebSocket),
  async ws() {
    const { WebSocket } = await import('ws');
    const socket = new WebSocket(url);
    socket.on('open', () => {
      tell('open', { type: socket.protocol });
      if (first !== '') socket.send(first);
    });
    socket.on('message', (data) => {
      message(String(data));
      if (String(data) === '{}') socket.send('{}');
    });
    socket.on('error', (error) => tell('error', { text: String(error) }));
    socket.on('close', (code, reason) => tell('close', { code, reason: String(reason) }));
  },
  async 'ws-unexpected-response'() {
    const { WebSocket } = await import('ws');
    new WebSocket(url).on('unexpected-response', (_request, { statusCode, headers }) => {
      tell('error', { status: statusCode, retryAfter: headers['retry-after'] });
    });
  },
  undici6: async () => standard((await import('undici6')).WebSocket),
  undici7: async () => standard((await import('undici7')).WebSocket),
  undici8: async () => standard((await import('undici8')).WebSocket),
  'own-events': () => events(new EventSource(url)),
  eventsource: async () => events(new (await import('eventsource')).EventSource(url)),
  'undici7-events': async () => events(new (await import('undici7')).EventSource(url)),
  'undici8-events': async () => events(new (await import('undici8')).EventSource(url)),
  async 'eventsource-client'() {
    const { createEventSource } = await import('eventsource-client');
    createEventSource({
      url,
      onConnect: () => tell('open'),
      onMessage: ({ event, data, id }) => message(data, { type: event, id }),
      onDisconnect: () => tell('interrupted'),
      onScheduleReconnect: () => tell('interrupted'),
    });
  },
  readline: async () => lines(await fetch(url)),
};

await clients[client]();
