"""One connection of one client at its defaults: CLIENT URL [FIRST-FRAME]. Prints what the client hands out as lines of JSON.
It ends when its standard input does.

The pings of the Centrifugal protocol are messages, and so are the pongs.
"""

import asyncio
import json
import os
import sys
import threading

PING = "{}"


def tell(event, **fields):
    if len(fields.get("text") or "") > 300:
        fields["text"] = fields["text"][:300]
    kept = {name: value for name, value in fields.items() if value not in (None, 0, "")}
    print(json.dumps({"event": event, **kept}), flush=True)


def message(text, **fields):
    tell("message", bytes=len(text.encode()), text=text, **fields)


def failed(error, response=None, status=None):
    headers = getattr(response, "headers", None) or {}
    name = f"{type(error).__module__.split('.')[0]}.{type(error).__name__}"
    tell("error", text=f"{name}: {error}", status=status, retryAfter=headers.get("Retry-After"))


async def websockets_client(url, first):
    import websockets

    try:
        async with websockets.connect(url) as socket:
            tell("open", type=socket.subprotocol)
            if first:
                await socket.send(first)
            while True:
                text = await socket.recv()
                message(text)
                if text == PING:
                    await socket.send(PING)
    except websockets.exceptions.InvalidStatus as error:
        failed(error, error.response, error.response.status_code)
    except websockets.exceptions.ConnectionClosed as error:
        failed(error)
        if error.rcvd is not None:
            tell("close", code=error.rcvd.code, reason=error.rcvd.reason)
    except Exception as error:
        failed(error)


async def websockets_iterated(url, first):
    """The form that connects again by itself."""
    import websockets

    try:
        async for socket in websockets.connect(url):
            tell("open")
            try:
                async for text in socket:
                    message(text)
                tell("ended")
            except websockets.exceptions.ConnectionClosed as error:
                failed(error)
                continue
    except Exception as error:
        failed(error)
    tell("close")


async def aiohttp_client(url, first):
    import aiohttp

    async with aiohttp.ClientSession() as session:
        try:
            async with session.ws_connect(url) as socket:
                tell("open", type=socket.protocol)
                if first:
                    await socket.send_str(first)
                while True:
                    got = await socket.receive()
                    if got.type == aiohttp.WSMsgType.TEXT:
                        message(got.data)
                        if got.data == PING:
                            await socket.send_str(PING)
                    elif got.type == aiohttp.WSMsgType.ERROR:
                        failed(got.data)
                        break
                    else:
                        reason = got.extra if isinstance(got.extra, str) else None
                        tell("close", code=socket.close_code, reason=reason)
                        break
        except aiohttp.WSServerHandshakeError as error:
            failed(error, error, error.status)
        except Exception as error:
            failed(error)


def websocket_client(url, first):
    import websocket

    def opened(app):
        tell("open", type=app.sock.getsubprotocol())
        if first:
            app.send(first)

    def arrived(app, text):
        message(text)
        if text == PING:
            app.send(PING)

    def broken(app, error):
        headers = getattr(error, "resp_headers", None) or {}
        name = f"{type(error).__module__.split('.')[0]}.{type(error).__name__}"
        after = headers.get("retry-after")
        is_refused = isinstance(error, websocket.WebSocketBadStatusException)
        tell("error", text=f"{name}: {error}", status=error.status_code if is_refused else None, retryAfter=after)

    app = websocket.WebSocketApp(
        url,
        on_open=opened,
        on_message=arrived,
        on_error=broken,
        on_close=lambda app, code, reason: tell("close", code=code, reason=reason),
    )
    app.run_forever()


def httpx_ws_client(url, first):
    import httpx_ws

    try:
        with httpx_ws.connect_ws(url) as socket:
            tell("open", type=socket.subprotocol)
            if first:
                socket.send_text(first)
            while True:
                text = socket.receive_text()
                message(text)
                if text == PING:
                    socket.send_text(PING)
    except httpx_ws.WebSocketUpgradeError as error:
        failed(error, error.response, error.response.status_code)
    except httpx_ws.WebSocketDisconnect as error:
        failed(error)
        tell("close", code=error.code, reason=error.reason)
    except Exception as error:
        failed(error)


def httpx_sse(url, first):
    import httpx
    from httpx_sse import connect_sse

    try:
        with httpx.Client() as client, connect_sse(client, "GET", url) as source:
            source.response.raise_for_status()
            tell("open")
            for event in source.iter_sse():
                message(event.data, type=event.event, id=event.id)
    except httpx.HTTPStatusError as error:
        failed(error, error.response, error.response.status_code)
    except Exception as error:
        failed(error)
    tell("close")


def sseclient_py(url, first):
    import requests
    from sseclient import SSEClient

    try:
        # By itself it takes 128 bytes at a time, and requests waits for all of them.
        response = requests.get(url, stream=True, headers={"Accept": "text/event-stream"})
        response.raise_for_status()
        tell("open")
        for event in SSEClient(response.iter_content(chunk_size=1)).events():
            message(event.data, type=event.event, id=event.id)
    except requests.HTTPError as error:
        failed(error, error.response, error.response.status_code)
    except Exception as error:
        failed(error)
    tell("close")


async def aiohttp_sse_client2(url, first):
    from aiohttp_sse_client2 import client

    try:
        async with client.EventSource(url, on_open=lambda: tell("open"), on_error=lambda: tell("interrupted")) as source:
            async for event in source:
                message(event.data, type=event.type, id=event.last_event_id)
    except Exception as error:
        failed(error)
    tell("close")


async def aiohttp_lines(url, first):
    import aiohttp

    try:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            if response.status != 200:
                return tell("error", status=response.status, retryAfter=response.headers.get("Retry-After"))
            tell("open")
            async for line in response.content:
                message(line.decode().rstrip("\n"))
    except Exception as error:
        failed(error)
    tell("close")


def httpx_lines(url, first):
    import httpx

    try:
        with httpx.stream("GET", url) as response:
            if response.status_code != 200:
                return tell("error", status=response.status_code, retryAfter=response.headers.get("Retry-After"))
            tell("open")
            for line in response.iter_lines():
                message(line)
    except Exception as error:
        failed(error)
    tell("close")


def requests_lines(url, first):
    import requests

    try:
        with requests.get(url, stream=True) as response:
            if response.status_code != 200:
                return tell("error", status=response.status_code, retryAfter=response.headers.get("Retry-After"))
            tell("open")
            for line in response.iter_lines():
                message(line.decode())
    except Exception as error:
        failed(error)
    tell("close")


def urllib_lines(url, first):
    import urllib.request

    try:
        with urllib.request.urlopen(url) as response:
            tell("open")
            for line in response:
                message(line.decode().rstrip("\n"))
    except urllib.error.HTTPError as error:
        failed(error, error, error.code)
    except Exception as error:
        failed(error)
    tell("close")


CLIENTS = {
    "websockets": websockets_client,
    "websockets-iterated": websockets_iterated,
    "aiohttp": aiohttp_client,
    "websocket-client": websocket_client,
    "httpx-ws": httpx_ws_client,
    "httpx-sse": httpx_sse,
    "sseclient-py": sseclient_py,
    "aiohttp-sse-client2": aiohttp_sse_client2,
    "aiohttp-lines": aiohttp_lines,
    "httpx-lines": httpx_lines,
    "requests-lines": requests_lines,
    "urllib-lines": urllib_lines,
}


def main():
    client, url, first = CLIENTS[sys.argv[1]], sys.argv[2], "".join(sys.argv[3:4])

    def run():
        result = client(url, first)
        if asyncio.iscoroutine(result):
            asyncio.run(result)

    threading.Thread(target=run, daemon=True).start()
    sys.stdin.buffer.read()
    os._exit(0)


main()
