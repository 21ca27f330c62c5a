"""Drives the official SDK for Python: it does what each line of JSON on its standard input asks for, and answers it with
one on its standard output. Its arguments are an address and a codec."""

import asyncio
import json
import sys
from collections import defaultdict

from centrifuge import CentrifugeError, Client, ClientEventHandler, SubscriptionEventHandler
from centrifuge.types import StreamPosition

PATIENCE_SEC = 10
ADDRESS, CODEC = sys.argv[1:]
IS_PROTOBUF = CODEC == "protobuf"


class Events:
    """What has happened, by kind."""

    def __init__(self) -> None:
        self.by_kind: dict[str, list] = defaultdict(list)
        self.changed = asyncio.Condition()

    async def add(self, kind: str, event: dict) -> None:
        async with self.changed:
            self.by_kind[kind].append(event)
            self.changed.notify_all()

    async def first(self, kind: str, count: int) -> list:
        """So many of a kind, when they are there."""
        async with self.changed:
            await asyncio.wait_for(self.changed.wait_for(lambda: len(self.by_kind[kind]) >= count), PATIENCE_SEC)
        return self.by_kind[kind][:count]


def to_wire(data):
    """Data of this codec is bytes."""
    return json.dumps(data).encode() if IS_PROTOBUF else data


def from_wire(data):
    return json.loads(data) if IS_PROTOBUF and data is not None else data


def publication(pub) -> dict:
    return {
        "data": from_wire(pub.data),
        "offset": pub.offset,
        **({"user": pub.info.user} if pub.info else {}),
        **({"tags": dict(pub.tags)} if pub.tags else {}),
    }


class Program:
    def __init__(self) -> None:
        self.events = Events()

    def handler(self, names: dict, base: type):
        """An object whose `on_…` adds an event of a kind."""

        def method(kind, fields):
            async def on(_, context):
                await self.events.add(kind, fields(context))

            return on

        return type("Handler", (base,), {f"on_{name}": method(*event) for name, event in names.items()})()

    async def connect(self, tokens, **_):
        async def get_token():
            await self.events.add("token", {})
            return tokens.pop(0) if len(tokens) > 1 else tokens[0]

        def code(context):
            return {"code": context.code}

        names = {
            "connecting": ("connecting", code),
            "connected": ("connected", lambda _: {}),
            "disconnected": ("disconnected", code),
            "subscribed": ("serverSubscribed", lambda c: {"channel": c.channel, "recovered": c.recovered}),
            "publication": ("serverPublication", lambda c: publication(c.pub)),
        }
        self.client = Client(
            ADDRESS,
            events=self.handler(names, ClientEventHandler),
            get_token=get_token,
            use_protobuf=IS_PROTOBUF,
            min_reconnect_delay=0.02,
            max_reconnect_delay=0.2,
        )
        await self.client.connect()

    async def subscribe(self, channel, **_):
        names = {
            "subscribed": ("subscribed", lambda c: {"wasRecovering": c.was_recovering, "recovered": c.recovered}),
            "unsubscribed": ("unsubscribed", lambda c: {"code": c.code}),
            "publication": ("publication", lambda c: publication(c.pub)),
            "join": ("join", lambda c: {"user": c.info.user}),
        }
        handler = self.handler(names, SubscriptionEventHandler)
        await self.client.new_subscription(channel, events=handler, join_leave=True).subscribe()

    async def publish(self, channel, data, **_):
        await self.client.publish(channel, to_wire(data))

    async def rpc(self, method, data, **_):
        return from_wire((await self.client.rpc(method, to_wire(data))).data)

    async def history(self, channel, limit, since=None, **_):
        position = since and StreamPosition(**since)
        result = await self.client.history(channel, limit=limit, since=position)
        publications = [publication(one) for one in result.publications]
        return {"publications": publications, "offset": result.offset, "epoch": result.epoch}

    async def presence(self, channel, **_):
        clients = (await self.client.presence(channel)).clients
        stats = await self.client.presence_stats(channel)
        users = [info.user for info in clients.values()]
        return {"users": users, "numClients": stats.num_clients, "numUsers": stats.num_users}

    async def answer(self, op, **fields):
        try:
            if op == "events":
                return {"result": await self.events.first(fields["kind"], fields["count"])}
            return {"result": await getattr(self, op)(**fields)}
        except (CentrifugeError, asyncio.TimeoutError) as error:
            return {"error": repr(error), "code": getattr(error, "code", None)}


async def main() -> None:
    program = Program()
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(await program.answer(**json.loads(line))), flush=True)
    await program.client.disconnect()


asyncio.run(main())
