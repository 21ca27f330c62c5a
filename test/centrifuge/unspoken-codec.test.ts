/** The official SDK in its protobuf build, unmodified: what is not spoken is named in the log, once a minute. */

import { Centrifuge, type TransportEndpoint } from 'centrifuge/build/protobuf';
import { fanfare } from 'fanfare';
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { served } from '../support/servers/served.js';

interface Line extends Readonly<Record<string, unknown>> {
  readonly message: string;
}

let url: string;
let warnings: Line[];

beforeEach(async () => {
  warnings = [];
  const warn = (fields: object, message: string) => warnings.push({ ...fields, message });
  ({ url } = await served(fanfare({ anonymous: true, log: { debug() {}, info() {}, warn, error() {} } })));
});

function connectTo(endpoint: TransportEndpoint): Centrifuge {
  const client = new Centrifuge([endpoint], { websocket: WebSocket, fetch, readableStream: ReadableStream });
  onTestFinished(() => client.disconnect());
  client.connect();
  return client;
}

test('WebSocket: the codec that was offered is named, and later attempts are counted', async () => {
  const endpoint = `${url.replace('http', 'ws')}/connection/websocket`;
  connectTo({ transport: 'websocket', endpoint });
  await vi.waitFor(() => expect(warnings).toHaveLength(1));
  expect(warnings).toMatchObject([{ check: 'subprotocol', asked: 'centrifuge-protobuf', spoken: 'centrifuge-json' }]);
  connectTo({ transport: 'websocket', endpoint });
  const other = new WebSocket(endpoint, ['graphql-transport-ws', 'x']);
  // ws refuses a server that takes none of what it has offered.
  other.on('error', () => undefined);
  await vi.waitFor(() => expect(warnings).toHaveLength(2));
  other.terminate();
  expect(warnings[1]).toMatchObject({ check: 'subprotocol', asked: 'graphql-transport-ws, x' });
});

test('HTTP streaming: the type of the body is named', async () => {
  connectTo({ transport: 'http_stream', endpoint: `${url}/connection/http_stream` });
  await vi.waitFor(() => expect(warnings).toHaveLength(1));
  expect(warnings).toMatchObject([
    { check: 'content type', asked: 'application/octet-stream', spoken: 'application/json', status: 415 },
  ]);
});

const spoken: [string | string[] | undefined][] = [
  [undefined],
  ['centrifuge-json'],
  [['centrifuge-json', 'centrifuge-protobuf']],
];
test.each(spoken)('whoever offers %j gets on without a line', async (protocols) => {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/connection/websocket`, protocols ?? []);
  await new Promise((resolve) => socket.once('open', resolve));
  expect([socket.protocol, warnings]).toEqual([protocols === undefined ? '' : 'centrifuge-json', []]);
  socket.close();
});
