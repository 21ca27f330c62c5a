"""The SDK for Python before 0.7, which offers no subprotocol and sends the header nevertheless."""

import asyncio
import sys

from centrifuge import Client, SubscriptionEventHandler


async def main() -> None:
    received = asyncio.get_running_loop().create_future()

    class Events(SubscriptionEventHandler):
        async def on_publication(self, context) -> None:
            if not received.done():
                received.set_result(context.pub.data)

    client = Client(sys.argv[1])
    await client.connect()
    await client.ready(timeout=10)
    subscription = client.new_subscription("news", events=Events())
    await subscription.subscribe()
    await subscription.ready(timeout=10)
    await subscription.publish({"from": "Python"})
    print(await asyncio.wait_for(received, 10))
    await client.disconnect()


asyncio.run(main())
