#!/usr/bin/env bash
# cent (Python) 5.2.0: most of what batch() takes of the CPU is spent on building, for each reply again, the validator of one and
# the same class of results: several times what encoding, sending and reading take together. One line of the application,
# PublishResult.model_rebuild(), makes that once.
# Why: cent's classes have defer_build, and each reply is validated by a new TypeAdapter of its class. An adapter of a class that
# is not built yet builds a schema for itself; it does not build the class, so the next one does the same.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cent==5.2.0 pydantic==2.14.4
cat >run.py <<'PROGRAM'
import time

from cent import BatchRequest, Client, PublishRequest
from cent.dto import PublishResult

ANSWER = '{"replies":[' + ",".join(['{"publish":{"offset":7,"epoch":"e"}}'] * 100) + "]}"


class Answered:
    """In the place of the session of HTTP: only what cent itself does is measured."""

    status_code = 200
    text = ANSWER
    headers: dict = {}

    def post(self, **_):
        return self


client = Client("http://127.0.0.1/api", "key", session=Answered())
batch = BatchRequest(requests=[PublishRequest(channel="c", data={"n": n}) for n in range(100)])


def ms_of_cpu() -> float:
    began = time.process_time()
    for _ in range(20):
        client.batch(batch)
    return (time.process_time() - began) / 20 * 1000


client.batch(batch)
before = ms_of_cpu()
PublishResult.model_rebuild()
after = ms_of_cpu()
print(f"a batch of 100: {before:.1f} ms of CPU; with the class built: {after:.1f} ms")
raise SystemExit(0 if before > 3 * after else "this has changed")
PROGRAM
venv/bin/python run.py
