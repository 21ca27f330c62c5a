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
from typing import Any, Dict, Iterable, Iterator, List, Optional

try:
    from cent import BatchRequest, CentError, CentTransportError, Client, PublishRequest
    from cent.dto import CentRequest, CentResult, PublishResult
except ImportError:
    sys.exit(3)

# Together below the largest request that the API takes, 1 MiB.
COMMANDS_PER_REQUEST = 100
# More than a pipe holds, so that its end is seen while the API takes nothing.
MOST_WAITING = 10_000
RETRY_SECONDS = 0.5
# At the end of the input.
LAST_ATTEMPTS = 3

Line = Dict[str, Any]


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


# cent would build the validator of a result again for each of a batch, which takes longer than everything else here.
for result in (PublishResult, MapPublishResult):
    result.model_rebuild()


def is_state(line: Line) -> bool:
    """Whether the newest says everything, whatever came before: elsewhere nothing may be missed."""
    return "key" in line or line["channel"].startswith(("match:", "ball:"))


def request_of(line: Line) -> Any:
    fields = {name: line[name] for name in ("channel", "data", "tags") if name in line}
    if "key" in line:
        return MapPublishRequest(key=line["key"], **fields)
    if is_state(line):
        return PublishRequest(**fields)
    # An event whose first attempt had arrived is not published again.
    return PublishRequest(idempotency_key=str(uuid.uuid4()), **fields)


class Waiting:
    """What the API has not taken yet: all events, and of each state the last."""

    def __init__(self) -> None:
        self._lines: Dict[Any, Line] = {}
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self.is_over = False

    def put(self, lines: Iterable[Line]) -> None:
        """Comes back when there is room for more."""
        with self._changed:
            for line in lines:
                place = (line["channel"], line.get("key")) if is_state(line) else next(self._numbers)
                self._lines.pop(place, None)
                self._lines[place] = line
            self._changed.notify_all()
            self._changed.wait_for(lambda: len(self._lines) < MOST_WAITING)

    def end(self) -> None:
        with self._changed:
            self.is_over = True
            self._changed.notify_all()

    def take(self) -> List[Line]:
        """Everything, as soon as there is something; nothing at the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self.is_over)
            lines = list(self._lines.values())
            self._lines.clear()
            self._changed.notify_all()
            return lines


def publish(client: Client, lines: Iterable[Line], waiting: Waiting) -> None:
    requests = iter([request_of(line) for line in lines])
    while part := list(itertools.islice(requests, COMMANDS_PER_REQUEST)):
        for attempt in itertools.count(1):
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
                # The server that wrote the input may be what has gone.
                if waiting.is_over and attempt >= LAST_ATTEMPTS:
                    sys.exit(f"feed: {error}; there is no more input, and this was the last attempt")
                print(f"feed: {error}; trying again", file=sys.stderr)
                time.sleep(RETRY_SECONDS)


def follow(client: Client, batches: Iterator[List[Line]]) -> None:
    """Publishes what comes. What has come while a request was under way goes together."""
    waiting = Waiting()

    def fill() -> None:
        try:
            for lines in batches:
                waiting.put(lines)
        finally:
            waiting.end()

    threading.Thread(target=fill, daemon=True).start()
    while lines := waiting.take():
        publish(client, lines, waiting)


def standard_input() -> Iterator[List[Line]]:
    for text in sys.stdin:
        yield json.loads(text)["lines"]


def replayed(path: str, speed: float) -> Iterator[List[Line]]:
    """Each batch when it is due."""
    began = time.monotonic()
    first = None
    with open(path, encoding="utf-8") as recording:
        for text in recording:
            batch = json.loads(text)
            first = batch["at"] if first is None else first
            time.sleep(max(0.0, began + (batch["at"] - first) / speed - time.monotonic()))
            yield batch["lines"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", help="a file, or - for standard input")
    parser.add_argument("--speed", type=float, default=10.0, help="seconds of the match day in one (10)")
    arguments = parser.parse_args()
    client = Client(os.environ["SCORES_API_URL"], os.environ["SCORES_API_KEY"])
    print("ready", flush=True)
    path, speed = arguments.recording, arguments.speed
    follow(client, standard_input() if path == "-" else replayed(path, speed))


if __name__ == "__main__":
    main()
