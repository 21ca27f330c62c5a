#!/usr/bin/env bash
# cent (Python) 5.2.0: if the server refuses one command of a batch, batch() raises a bare KeyError, which is no CentError and
# names the method. What became of the other commands, which were carried out, is lost.
# Why: each reply is looked up by the name of its command, and the reply of one that was refused has "error" in its place.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check cent==5.2.0
cat >run.py <<'PROGRAM'
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from cent import BatchRequest, CentError, Client, PublishRequest

# As the server API answers a batch of which the second command was refused.
ANSWER = b'{"replies":[{"publish":{"offset":7,"epoch":"e"}},{"error":{"code":102,"message":"unknown channel"}}]}'


class Api(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(ANSWER)))
        self.end_headers()
        self.wfile.write(ANSWER)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Api)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Client(f"http://127.0.0.1:{server.server_port}/api", "key")
requests = [PublishRequest(channel="known", data={}), PublishRequest(channel="unknown", data={})]
try:
    print("answered", client.batch(BatchRequest(requests=requests)))
except Exception as error:
    print(type(error).__name__, error, "a CentError" if isinstance(error, CentError) else "no CentError")
PROGRAM
said="$(venv/bin/python run.py)"
echo "$said"
[ "$said" = "KeyError 'publish' no CentError" ]
