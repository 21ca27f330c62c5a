"""Speaks with a server that compresses: LIBRARY URL FRAMES NUM-LINES. Prints what was agreed on and the lines that came, as JSON."""

import asyncio
import json
import sys


async def with_websockets(url, frames, count, **options):
    import websockets

    # Compresses by default.
    async with websockets.connect(url, **options) as socket:
        for frame in frames:
            await socket.send(frame)
        lines = []
        while len(lines) < count:
            lines += (await socket.recv()).split("\n")
        return socket.response.headers.get("Sec-WebSocket-Extensions"), lines


async def with_small_window(url, frames, count):
    from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

    deflate = ClientPerMessageDeflateFactory(server_max_window_bits=10, client_max_window_bits=9)
    return await with_websockets(url, frames, count, extensions=[deflate])


async def with_aiohttp(url, frames, count):
    import aiohttp

    async with aiohttp.ClientSession() as session, session.ws_connect(url, compress=15) as socket:
        for frame in frames:
            await socket.send_str(frame)
        lines = []
        while len(lines) < count:
            lines += (await socket.receive_str()).split("\n")
        return f"compress={socket.compress}", lines


async def main():
    _, library, url, frames, count = sys.argv
    speak = {"websockets": with_websockets, "small window": with_small_window, "aiohttp": with_aiohttp}[library]
    agreed, lines = await asyncio.wait_for(speak(url, json.loads(frames), int(count)), 20)
    print(json.dumps({"agreed": agreed, "lines": lines}))


asyncio.run(main())
