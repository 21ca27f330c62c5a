#!/usr/bin/env bash
# Centrifugo 6.9.1 with its memory engine: a publication without a version makes the channel forget the newest version. After
# version 5, version 3 is suppressed, as documented; after version 5 and a publication without one, version 3 is published.
# Needs Go, curl and Node; the server is built from the Go module proxy.
set -euo pipefail
folder="$(mktemp -d)"
server=
trap '[ -z "$server" ] || kill "$server"; wait 2>/dev/null; chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
GOBIN="$folder" go install github.com/centrifugal/centrifugo/v6@v6.9.1
"$folder/centrifugo" version
port="$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')"
cat >"$folder/config.json" <<CONFIG
{
  "http_server": { "address": "127.0.0.1", "port": "$port" },
  "http_api": { "key": "finding" },
  "channel": { "without_namespace": { "history_size": 10, "history_ttl": "60s" } }
}
CONFIG
"$folder/centrifugo" -c "$folder/config.json" >"$folder/log" 2>&1 &
server=$!
api() { curl --silent --show-error -H 'X-API-Key: finding' -d "$2" "http://127.0.0.1:$port/api/$1"; }
for _ in $(seq 100); do api info '{}' >/dev/null 2>&1 && break; sleep 0.1; done

publish() { api publish "{\"channel\":\"$1\",\"data\":{}$2}" >/dev/null; }
offset() { api history "{\"channel\":\"$1\",\"limit\":0}" | grep -o '"offset":[0-9]*'; }
publish kept ',"version":5'
publish kept ',"version":3'
publish forgotten ',"version":5'
publish forgotten ''
publish forgotten ',"version":3'
output="version 5, 3: $(offset kept); version 5, none, 3: $(offset forgotten)"
echo "$output"
[ "$output" = 'version 5, 3: "offset":1; version 5, none, 3: "offset":3' ] || { echo 'this has changed' >&2; exit 1; }
