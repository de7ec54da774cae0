"""Runs inside the container: sends a file as a form, and asks for everything that is made of it.

Arguments: address, token, file, paths to ask for with STUDY and IMAGE in the place of ids. Prints the study as JSON.
"""

import json
import pathlib
import secrets
import ssl
import sys
import urllib.request

address, token, file, *paths = sys.argv[1:]
context = ssl._create_unverified_context()


def ask(path, body=None, kind=None):
    headers = {"Authorization": f"Bearer {token}"} | ({"Content-Type": kind} if kind else {})
    request = urllib.request.Request(address + path, data=body, headers=headers)
    with urllib.request.urlopen(request, timeout=120, context=context) as answer:
        return answer.read()


boundary = secrets.token_hex(8)
content = pathlib.Path(file).read_bytes()
head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode()
body = head + content + f"\r\n--{boundary}--\r\n".encode()
study = json.loads(ask("/api/v1/studies", body, f"multipart/form-data; boundary={boundary}"))
for path in paths:
    assert ask(path.replace("STUDY", study["id"]).replace("IMAGE", study["images"][0]["id"])), path
sys.stdout.write(json.dumps(study))
