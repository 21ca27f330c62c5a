/** Which codec a client gets, and that what is not spoken is named in the log, once a minute. */

import { fanfare } from 'fanfare';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
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

const endpoint = () => `${url.replace('http', 'ws')}/connection/websocket`;

test('WebSocket: what was offered is named, once a minute', async () => {
  for (let n = 0; n < 2; n++) {
    const other = new WebSocket(endpoint(), ['graphql-transport-ws', 'x']);
    // ws refuses a server that takes none of what it has offered.
    await new Promise((resolve) => other.once('error', resolve));
  }
  expect(warnings).toMatchObject([
    { check: 'subprotocol', asked: 'graphql-transport-ws, x', spoken: 'centrifuge-json, centrifuge-protobuf' },
  ]);
});

test.each([
  ['http_stream', 'text/plain', 'application/json, application/octet-stream'],
  ['long_polling', 'application/octet-stream', 'application/json'],
])('%s: the type %s of the body is named', async (path, type, spoken) => {
  const { status } = await fetch(`${url}/connection/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': type },
    body: connectInProtobuf,
  });
  expect(status).toBe(415);
  expect(warnings).toMatchObject([{ check: 'content type', asked: type, spoken, status }]);
});

const [json, protobuf] = ['centrifuge-json', 'centrifuge-protobuf'];
const connectInJson = '{"id":1,"connect":{}}';
/** The same in protobuf. */
const connectInProtobuf = Buffer.from('0408012200', 'hex');
const spoken: [protocols: string[], query: string, codec: string | undefined, isBinary: boolean][] = [
  [[], '', undefined, false],
  [[json], '', json, false],
  [[json, protobuf], '', json, false],
  [[protobuf, json], '', protobuf, true],
  [[protobuf], '', protobuf, true],
  [['x', protobuf], '', protobuf, true],
  [[], '?format=protobuf', undefined, true],
  [[], '?a=b&cf_protocol=protobuf', undefined, true],
  [[], '?format=json', undefined, false],
  [[json], '?format=protobuf', json, false],
];
test.each(spoken)('whoever offers %j with %j gets on in its codec, without a line', async (...one) => {
  const [protocols, query, codec, isBinary] = one;
  const socket = new WebSocket(`${endpoint()}${query}`, protocols);
  onTestFinished(() => socket.terminate());
  await new Promise((resolve) => socket.once('open', resolve));
  expect(socket.protocol).toBe(codec ?? '');
  socket.send(isBinary ? connectInProtobuf : connectInJson);
  const [, isReplyBinary] = await new Promise<[unknown, boolean]>((resolve) =>
    socket.once('message', (...message) => resolve(message)),
  );
  expect([isReplyBinary, warnings]).toEqual([isBinary, []]);
});

const mistaken: [what: string, query: string, frame: string | Buffer, code: number][] = [
  ['text to protobuf', '?format=protobuf', connectInJson, 3506],
  ['bytes to JSON', '', connectInProtobuf, 3506],
  ['a truncated frame', '?format=protobuf', connectInProtobuf.subarray(0, 3), 3501],
];
test.each(mistaken)('B55, B56: %s ends the connection, and no other', async (_, query, frame, code) => {
  const bystander = new WebSocket(endpoint(), [protobuf]);
  onTestFinished(() => bystander.terminate());
  await new Promise((resolve) => bystander.once('open', resolve));
  const socket = new WebSocket(`${endpoint()}${query}`);
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(frame);
  expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(code);
  bystander.send(connectInProtobuf);
  await new Promise((resolve) => bystander.once('message', resolve));
});
