#!/usr/bin/env bash
# centrifuge (JavaScript) 5.8.0, over HTTP streaming: a subscribe() between startBatching() and stopBatching() is not in the
# batch. It is sent in a request of its own behind it, with a higher id, so that a publish of the same batch is first at the
# server. Over WebSocket the same calls leave in one frame, the subscribe in front.
# Why: where commands go in separate requests, the SDK waits for some promises before it subscribes.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund centrifuge@5.8.0 ws@8.23.0
cat >run.mjs <<'PROGRAM'
import { createServer } from 'node:http';
import { Centrifuge } from 'centrifuge';
import { WebSocket, WebSocketServer } from 'ws';

const connected = (id) => `${JSON.stringify({ id, connect: { client: 'c', version: 'x', session: 's', node: 'n' } })}\n`;
const methods = (frame) => frame.split('\n').map((line) => Object.keys(JSON.parse(line)).find((key) => key !== 'id'));
const frames = [];
let arrived = () => {};
const take = (frame) => {
  frames.push(methods(frame).join(' '));
  arrived();
};

const server = createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request) body += chunk;
  if (request.url === '/emulation') {
    response.writeHead(204).end();
    take(JSON.parse(body).data);
  } else {
    response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
    response.write(connected(JSON.parse(body).id));
  }
});
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data) => {
    const frame = String(data);
    if (frame.includes('"connect"')) socket.send(connected(JSON.parse(frame).id));
    else take(frame);
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const host = `127.0.0.1:${server.address().port}`;

async function batch(transport, endpoint) {
  frames.length = 0;
  const options = { emulationEndpoint: `http://${host}/emulation`, websocket: WebSocket };
  const client = new Centrifuge([{ transport, endpoint }], options);
  client.connect();
  await client.ready();
  const both = new Promise((resolve) => {
    arrived = () => frames.join(' ').split(' ').length === 2 && resolve();
  });
  client.startBatching();
  client.newSubscription('room').subscribe();
  client.publish('room', 1).catch(() => {});
  client.stopBatching();
  await both;
  client.disconnect();
  return frames.join(' | ');
}
console.log('websocket:  ', await batch('websocket', `ws://${host}/`));
console.log('http_stream:', await batch('http_stream', `http://${host}/`));
process.exit(0);
PROGRAM
output="$(node run.mjs)"
echo "$output"
[ "$output" = "websocket:   subscribe publish
http_stream: publish | subscribe" ] || { echo 'this has changed' >&2; exit 1; }
