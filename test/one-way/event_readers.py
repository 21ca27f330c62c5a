"""Reads server-sent events with a library at its defaults, and prints each event that it hands out as a line of JSON."""

import json
import sys


def httpx_sse_events(url):
    import httpx
    from httpx_sse import connect_sse

    with httpx.Client() as client, connect_sse(client, "GET", url) as source:
        yield from source.iter_sse()


def sseclient_events(url):
    import requests
    from sseclient import SSEClient

    # By itself it takes 128 bytes at a time, and requests waits for all of them.
    response = requests.get(url, stream=True, headers={"Accept": "text/event-stream"})
    yield from SSEClient(response.iter_content(chunk_size=1)).events()


readers = {"httpx-sse": httpx_sse_events, "sseclient-py": sseclient_events}
for event in readers[sys.argv[1]](sys.argv[2]):
    print(json.dumps({"event": event.event, "data": event.data, "id": event.id, "retry": event.retry}), flush=True)
