"""Signs tokens with PyJWT: a JSON object a line in, one with the token a line out."""

import json
import sys

import jwt

for line in sys.stdin:
    asked = json.loads(line)
    token = jwt.encode(
        asked["claims"], asked["key"], algorithm=asked["algorithm"], headers=asked.get("headers")
    )
    print(json.dumps({"token": token}), flush=True)
