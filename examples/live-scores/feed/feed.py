"""Publishes a match day through Fanfare's HTTP API, with cent, the field's official client for Python.

    feed.py recording.jsonl [--speed 10]    replays a recording
    feed.py -                               publishes what comes on standard input, as it comes

SCORES_API_URL and SCORES_API_KEY say where. Each line of input is a batch: {"at": seconds, "lines": [...]}. Exits with 3 if
cent is not installed (pip install cent).
"""

import argparse
import itertools
import json
import os
import queue
import sys
import threading
import time
import uuid
from typing import Any, Dict, Optional

try:
    from cent import BatchRequest, CentError, CentTransportError, Client, PublishRequest
    from cent.dto import CentRequest, CentResult
except ImportError:
    sys.exit(3)

# Together below the largest request that the API takes, 1 MiB.
COMMANDS_PER_REQUEST = 100
MOST_WAITING = 1_000
RETRY_SECONDS = 0.5


class MapPublishResult(CentResult):
    offset: Optional[int] = None


class MapPublishRequest(CentRequest[MapPublishResult]):
    """Sets a key of a map: a method that cent 5.2 has no class for yet."""

    __returning__ = MapPublishResult
    __api_method__ = "map_publish"

    channel: str
    key: str
    data: Any
    tags: Optional[Dict[str, str]] = None


def request_of(line: Dict[str, Any]) -> Any:
    fields = {name: line[name] for name in ("channel", "data", "tags") if name in line}
    if "key" in line:
        return MapPublishRequest(key=line["key"], **fields)
    if line["channel"].startswith(("match:", "ball:")):
        return PublishRequest(**fields)
    # An event whose first attempt had arrived is not published again; of states the newest says everything.
    return PublishRequest(idempotency_key=str(uuid.uuid4()), **fields)


def publish(client: Client, lines: Any) -> None:
    requests = iter([request_of(line) for line in lines])
    while part := list(itertools.islice(requests, COMMANDS_PER_REQUEST)):
        while True:
            try:
                client.batch(BatchRequest(requests=part))
                break
            except KeyError:
                # cent expects a result of each command; one of these was refused, the others are published.
                print("feed: the server has refused a line; its log says why", file=sys.stderr)
                break
            except CentError as error:
                if isinstance(error, CentTransportError) and error.status_code < 500:
                    sys.exit(f"feed: the API has refused a request: {error}")
                print(f"feed: {error}; trying again", file=sys.stderr)
                time.sleep(RETRY_SECONDS)


def publish_input(client: Client) -> None:
    """What has come while a request was under way shares the next one."""
    waiting: "queue.Queue[Any]" = queue.Queue(maxsize=MOST_WAITING)

    def read() -> None:
        for text in sys.stdin:
            waiting.put(json.loads(text)["lines"])
        waiting.put(None)

    threading.Thread(target=read, daemon=True).start()
    while (lines := waiting.get()) is not None:
        while len(lines) < COMMANDS_PER_REQUEST and not waiting.empty() and waiting.queue[0] is not None:
            lines = lines + waiting.get()
        publish(client, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", help="a file, or - for standard input")
    parser.add_argument("--speed", type=float, default=10.0, help="seconds of the match day in one (10)")
    arguments = parser.parse_args()
    client = Client(os.environ["SCORES_API_URL"], os.environ["SCORES_API_KEY"])
    print("ready", flush=True)
    if arguments.recording == "-":
        publish_input(client)
        return
    began = time.monotonic()
    first = None
    with open(arguments.recording, encoding="utf-8") as recording:
        for text in recording:
            batch = json.loads(text)
            first = batch["at"] if first is None else first
            time.sleep(max(0.0, began + (batch["at"] - first) / arguments.speed - time.monotonic()))
            publish(client, batch["lines"])


if __name__ == "__main__":
    main()
