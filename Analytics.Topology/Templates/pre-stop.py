"""Before a database pod stops: hand the leadership over, then stop Patroni.

Runs in the container (preStop). Only a leader with a synchronous standby hands over, and it waits for the result at most 25 seconds;
whatever goes wrong here, Patroni's own shutdown releases the leader key. Of several standbys the one with the lowest ordinal takes
over: a rolling update restarts it last, so that the leader goes last and moves at most twice.
"""
import base64
import json
import os
import re
import signal
import ssl
import sys
import time
import urllib.request

TLS = "/etc/hub/tls"
API = "https://localhost:8008"
HAND_OVER_SECONDS = 25
STOP_SECONDS = 60


def call(path, body=None, timeout=5):
    context = ssl.create_default_context(cafile=f"{TLS}/ca.crt")
    context.load_cert_chain(f"{TLS}/tls.crt", f"{TLS}/tls.key")
    request = urllib.request.Request(API + path, data=json.dumps(body).encode() if body else None)
    user = os.environ["PATRONI_RESTAPI_USERNAME"] + ":" + os.environ["PATRONI_RESTAPI_PASSWORD"]
    request.add_header("Authorization", "Basic " + base64.b64encode(user.encode()).decode())
    with urllib.request.urlopen(request, timeout=timeout, context=context) as answer:
        return answer.read().decode()


def candidate(cluster, name):
    """The standby to take over, or None: this member does not lead, there is none in step, or an operator has paused the cluster."""
    members = cluster.get("members", [])
    if cluster.get("pause") or not any(m["name"] == name and m["role"] == "leader" for m in members):
        return None
    in_step = [m["name"] for m in members if m["role"] in ("sync_standby", "quorum_standby") and m["state"] == "streaming"]
    return min(in_step, key=lambda n: int(re.search(r"\d+$", n).group()), default=None)


def hand_over(name):
    target = candidate(json.loads(call("/cluster")), name)
    if target is None:
        return "nothing to hand over"
    return f"handing over to {target}: " + call("/switchover", {"leader": name, "candidate": target}, HAND_OVER_SECONDS)


def stop(pid=1):
    """Not every image's stop signal is one that Patroni takes as a request to stop cleanly; SIGTERM is."""
    os.kill(pid, signal.SIGTERM)
    time.sleep(STOP_SECONDS)  # The container ends, and this with it, as soon as Patroni has.


def log(text):
    """To the container's own log: what a hook prints is not kept."""
    try:
        with open("/proc/1/fd/2", "w") as stderr:
            print(f"pre-stop: {text}", file=stderr)
    except OSError:
        print(f"pre-stop: {text}", file=sys.stderr)


def main():
    try:
        log(hand_over(os.environ["PATRONI_NAME"]))
    except Exception as problem:  # Stopping must go on whatever happened.
        log(f"no hand-over: {problem}")
    stop()


if __name__ == "__main__":
    main()
