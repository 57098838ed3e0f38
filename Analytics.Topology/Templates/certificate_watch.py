"""Has Patroni and PostgreSQL take a renewed certificate, and tells when those that a member can see expire.

Both read their certificate again on SIGHUP, which nobody sends in Kubernetes when cert-manager or an operator has changed the Secret. Ingest looks at
certificates too, but has no way to members and etcd there. So each member looks at its own servers and at etcd's, and Patroni's /metrics has the
figures under the names that ingest gives them.
"""
import hashlib
import logging
import os
import signal
import socket
import ssl
import threading
import time
from urllib.parse import urlsplit

from patroni.__main__ import Patroni
from patroni.api import RestApiHandler

logger = logging.getLogger("certificate_watch")

TLS = "/etc/hub/tls"
FILES = ("ca.crt", "tls.crt", "tls.key")
POLL_SECONDS = 10
LOOK_SECONDS = 600
AGAIN_SECONDS = 30  # when somebody did not answer: PostgreSQL, just after the start
TIMEOUT = 5
SSL_REQUEST = bytes([0, 0, 0, 8, 0x04, 0xD2, 0x16, 0x2F])  # PostgreSQL answers S, then TLS begins (protocol 3, SSLRequest)


def digest():
    """Of the files together; None while one cannot be read."""
    try:
        return hashlib.sha256(b"".join(open(os.path.join(TLS, name), "rb").read() for name in FILES)).hexdigest()
    except OSError:
        return None


def unusable():
    """Why the files cannot be used together, or None. Patroni would stop answering with them, and the kubelet would then kill every member."""
    try:
        ssl.create_default_context(cafile=f"{TLS}/ca.crt").load_cert_chain(f"{TLS}/tls.crt", f"{TLS}/tls.key")
        return None
    except OSError as problem:
        return problem


def endpoints(config):
    """Name to show, kind, host and port: this member's own servers and every etcd. More come from the environment, where a pod has them."""
    for kind, section in (("tls", "restapi"), ("postgres", "postgresql")):
        address = config[section]["connect_address"]
        yield address, kind, *address.rsplit(":", 1)
    hosts = config["etcd3"]["hosts"]
    for address in hosts.split(",") if isinstance(hosts, str) else hosts:
        yield address, "tls", *address.rsplit(":", 1)
    for text in filter(None, os.environ.get("HUB_WATCHED_CERTIFICATES", "").split(",")):
        url = urlsplit(text)
        name = config["name"] if url.hostname == "localhost" else url.hostname
        yield f"{name}:{url.port}", url.scheme, url.hostname, url.port


def expiry(kind, host, port):
    """When what the server shows expires: its own certificate or the authority that signed it, whichever comes first."""
    context = ssl.create_default_context(cafile=f"{TLS}/ca.crt")
    context.load_cert_chain(f"{TLS}/tls.crt", f"{TLS}/tls.key")
    with socket.create_connection((host, int(port)), timeout=TIMEOUT) as connection:
        if kind == "postgres":
            connection.sendall(SSL_REQUEST)
            if connection.recv(1) != b"S":
                raise OSError("it offers no TLS")
        with context.wrap_socket(connection, server_hostname=host) as tls:
            shown = tls.getpeercert()
    authorities = [ssl.cert_time_to_seconds(each["notAfter"]) for each in context.get_ca_certs() if each["subject"] == shown["issuer"]]
    return min(ssl.cert_time_to_seconds(shown["notAfter"]), max(authorities))


class Watch(threading.Thread):
    def __init__(self, config):
        super().__init__(name="certificate_watch", daemon=True)
        self.endpoints = list(endpoints(config))
        self.expires = {}
        self.trusted = {}

    def run(self):
        taken, refused, due = STARTED_WITH, None, 0
        while True:
            now = digest()
            if now and now not in (taken, refused) and (problem := unusable()):
                logger.error("The new certificate is not taken, what was read before stays in use: %s", problem)
                refused = now
            elif now and now not in (taken, refused):
                logger.info("The certificate or its authority has changed: Patroni and PostgreSQL read it again")
                os.kill(os.getpid(), signal.SIGHUP)
                # Patroni takes it in its next round.
                taken, due = now, time.monotonic() + 2 * POLL_SECONDS
            if time.monotonic() >= due:
                self.look()
                due = time.monotonic() + (LOOK_SECONDS if len(self.trusted) == len(self.endpoints) else AGAIN_SECONDS)
            time.sleep(POLL_SECONDS)

    def look(self):
        for name, kind, host, port in self.endpoints:
            try:
                self.expires[name] = expiry(kind, host, port)
                self.trusted[name] = 1
            except ssl.SSLCertVerificationError as problem:
                self.trusted[name] = 0
                logger.warning("%s shows no certificate that can be trusted: %s", name, problem)
            except Exception as problem:  # Not answering is for other alerts: a member that is copied has no PostgreSQL for hours.
                if self.trusted.pop(name, None) is not None:
                    logger.info("The certificate of %s could not be looked at: %s", name, problem)

    def metrics(self):
        lines = []
        for metric, values in (("hub_certificate_expiry_timestamp_seconds", self.expires), ("hub_certificate_trusted", self.trusted)):
            if values:
                lines.append(f"# TYPE {metric} gauge")
                lines += [f'{metric}{{endpoint="{name}"}} {value}' for name, value in sorted(dict(values).items())]
        return "".join(line + "\n" for line in lines)


STARTED_WITH = digest()


def install():
    run, answer = Patroni.run, RestApiHandler.do_GET_metrics

    def watched_run(self):
        self.certificates = Watch(self.config)
        self.certificates.start()
        run(self)

    def do_GET_metrics(self):
        write, watch = self.write_response, getattr(self.server.patroni, "certificates", None)
        self.write_response = lambda status, body, **more: write(status, body + (watch.metrics() if watch else ""), **more)
        answer(self)

    Patroni.run, RestApiHandler.do_GET_metrics = watched_run, do_GET_metrics
