"""Drives a server through the unmodified `cent` client, as it is told on standard input.

A question is a line of JSON, {"client": "sync" or "async", "method": ..., "params": ...}; the answer is a line with the
result, or with the name of the exception and its code.
"""

import asyncio
import json
import os
import sys

import cent

URL = os.environ["API_URL"]
KEY = os.environ["API_KEY"]


def request_of(method, params):
    """publish -> PublishRequest; nested requests of a batch likewise."""
    name = "".join(word.capitalize() for word in method.split("_")) + "Request"
    if method == "batch":
        requests = [request_of(*pair) for command in params["commands"] for pair in command.items()]
        return cent.BatchRequest(requests=requests, parallel=params.get("parallel"))
    return getattr(cent, name)(**params)


async def call_async(method, request):
    async with cent.AsyncClient(URL, KEY) as client:
        return await getattr(client, method)(request)


def call_sync(method, request):
    with cent.Client(URL, KEY) as client:
        return getattr(client, method)(request)


def answer(question):
    method = question["method"]
    request = request_of(method, question.get("params", {}))
    try:
        if question["client"] == "async":
            result = asyncio.run(call_async(method, request))
        else:
            result = call_sync(method, request)
    except cent.CentApiResponseError as error:
        return {"error": type(error).__name__, "code": error.code}
    except cent.CentTransportError as error:
        return {"error": type(error).__name__, "status": error.status_code}
    except cent.CentError as error:
        return {"error": type(error).__name__}
    if method == "batch":
        # Each reply is a result of its own class, which the list's declared type would hide.
        return {"result": [reply.model_dump(exclude_none=True) for reply in result.replies]}
    return {"result": result.model_dump(exclude_none=True)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
