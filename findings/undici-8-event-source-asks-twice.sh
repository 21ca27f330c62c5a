#!/usr/bin/env bash
# The EventSource of undici 8.13.0, which Node 26 has as its own, sends the same request twice at once when it is answered with 401,
# and then closes with one `error`. At 403 it asks once, and so does undici 7.30.2 at 401; `fetch` of 8.13.0 asks once, too.
# Why: the request is one with credentials and for a window, at which the standard lets a user be asked for a password, so it
# is sent anew, though nobody was asked. A server counts two refusals, or takes two one-time tickets for lost.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund "node-linux-$(node -p process.arch)@26.12.1" undici8@npm:undici@8.13.0 undici7@npm:undici@7.30.2
cat >run.mjs <<'PROGRAM'
import { once } from 'node:events';
import { createServer } from 'node:http';
import * as undici7 from 'undici7';
import * as undici8 from 'undici8';

async function numRequests(status, ask) {
  let count = 0;
  const server = createServer((_request, response) => {
    count++;
    response.writeHead(status).end('no');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  await ask(`http://127.0.0.1:${server.address().port}/`);
  server.closeAllConnections();
  server.close();
  return count;
}

const open = (EventSource) => async (url) => {
  const source = new EventSource(url);
  await new Promise((resolve) => {
    source.onerror = resolve;
  });
  // Nothing more comes: it is closed.
  if (source.readyState !== EventSource.CLOSED) throw new Error('it goes on');
};
const fetch8 = async (url) => (await undici8.fetch(url, { credentials: 'include' })).text();

console.log(`undici 8 401: ${await numRequests(401, open(undici8.EventSource))}`);
console.log(`Node's own 401: ${await numRequests(401, open(EventSource))}`);
console.log(`undici 8 403: ${await numRequests(403, open(undici8.EventSource))}`);
console.log(`undici 8 fetch 401: ${await numRequests(401, fetch8)}`);
console.log(`undici 7 401: ${await numRequests(401, open(undici7.EventSource))}`);
process.exit(0);
PROGRAM
output="$("node_modules/node-linux-$(node -p process.arch)/bin/node" --no-warnings --experimental-eventsource run.mjs)"
echo "$output"
[ "$output" = "undici 8 401: 2
Node's own 401: 2
undici 8 403: 1
undici 8 fetch 401: 1
undici 7 401: 1" ] || { echo 'this has changed' >&2; exit 1; }
