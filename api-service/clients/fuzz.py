"""Sends generated requests, logged in and anonymous: python fuzz.py URL EXAMPLES

EXAMPLES is the largest number of requests for each operation and phase. Every answer must conform to the document, none
may be a server error, and no request that conforms to the document may be refused because of its form.
"""

import os
import pathlib
import re
import subprocess
import sys
import time

import httpx

URL, EXAMPLES = sys.argv[1:]
HERE = pathlib.Path(__file__).parent
# Operations that end the session of the token.
ENDS_SESSION = ["logOut", "revokeSession"]


def call(method, path, body=None):
    answer = httpx.request(method, URL + path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


def sign_up(email):
    flow = call("POST", "/api/v1/auth/email-codes", {"email": email, "purpose": "signup"})
    for _ in range(100):
        mails = [mail for mail in call("GET", "/dev/mail.json") if mail["to"] == email]
        if mails:
            break
        time.sleep(0.1)
    body = {"email": email, "code": re.search(r"\d{6}", mails[0]["text"]).group(), "password": "blue otters paint slowly", "flow_id": flow["flow_id"]}
    return call("POST", "/api/v1/auth/signups", body)["access_token"]


def fuzz(name, *arguments):
    command = [
        pathlib.Path(sys.executable).parent / "schemathesis", "--config-file", HERE / "schemathesis.toml",
        "run", f"{URL}/openapi.json", "--max-examples", EXAMPLES, *arguments,
    ]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "fuzz_hooks", "PYTHONPATH": str(HERE), "NO_COLOR": "1"}
    print(f"== {name}", flush=True)
    return subprocess.run(command, env=environment).returncode


token = sign_up(f"fuzz-{time.time_ns()}@example.com")
excluded = [argument for operation in ENDS_SESSION for argument in ("--exclude-operation-id", operation)]
codes = [
    fuzz("logged in", "--header", f"Authorization: Bearer {token}", *excluded),
    fuzz("anonymous", "--exclude-checks", "ignored_auth"),
]
sys.exit(max(codes))
