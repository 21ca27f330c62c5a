#!/usr/bin/env bash
# centrifuge (JavaScript) 5.8.0, the build for protobuf: where the server gives a channel a number (channel compaction, for which
# the SDK always asks), not one publication reaches the application, and nothing is reported. The build for JSON gets all of them, from the same
# server, the official library for Go 0.40.1.
# Why: its decoder makes an object of each number of 64 bits, and the subscription is looked up with ===.
set -euo pipefail
folder="$(mktemp -d)"
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund centrifuge@5.8.0 ws@8.23.0
cat >go.mod <<'MODULE'
module finding

go 1.24
MODULE
cat >main.go <<'PROGRAM'
package main

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/centrifugal/centrifuge"
)

func main() {
	node, err := centrifuge.New(centrifuge.Config{})
	if err != nil {
		panic(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: "ann"}}, nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(func(event centrifuge.SubscribeEvent, reply centrifuge.SubscribeCallback) {
			options := centrifuge.SubscribeOptions{AllowChannelCompaction: event.Channel == "numbered"}
			reply(centrifuge.SubscribeReply{Options: options}, nil)
		})
		client.OnRPC(func(_ centrifuge.RPCEvent, reply centrifuge.RPCCallback) {
			reply(centrifuge.RPCReply{}, nil)
		})
	})
	if err := node.Run(); err != nil {
		panic(err)
	}
	http.Handle("/connection", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{}))
	http.HandleFunc("/publish", func(_ http.ResponseWriter, request *http.Request) {
		if _, err := node.Publish(request.URL.Query().Get("channel"), []byte(`"hello"`)); err != nil {
			panic(err)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr())
	panic(http.Serve(listener, nil))
}
PROGRAM
go get github.com/centrifugal/centrifuge@v0.40.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go build -o server .
cat >run.mjs <<'PROGRAM'
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Centrifuge } from 'centrifuge';
import { Centrifuge as ProtobufCentrifuge } from 'centrifuge/build/protobuf';
import { WebSocket } from 'ws';

const server = spawn('./server', { stdio: ['ignore', 'pipe', 'ignore'] });
const [host] = await once(createInterface(server.stdout), 'line');

async function received(Client, channel) {
  const client = new Client(`ws://${host}/connection`, { websocket: WebSocket });
  const room = client.newSubscription(channel);
  let count = 0;
  room.on('publication', () => count++);
  room.subscribe();
  client.connect();
  await room.ready();
  for (let n = 0; n < 3; n++) await fetch(`http://${host}/publish?channel=${channel}`);
  // Its answer comes after the publications.
  await client.rpc('', Client === Centrifuge ? null : new Uint8Array());
  client.disconnect();
  return `${count} of 3`;
}
for (const channel of ['named', 'numbered']) {
  console.log(`${channel}: JSON ${await received(Centrifuge, channel)}, protobuf ${await received(ProtobufCentrifuge, channel)}`);
}
server.kill();
process.exit(0);
PROGRAM
output="$(node run.mjs)"
echo "$output"
[ "$output" = "named: JSON 3 of 3, protobuf 3 of 3
numbered: JSON 3 of 3, protobuf 0 of 3" ] || { echo 'this has changed' >&2; exit 1; }
