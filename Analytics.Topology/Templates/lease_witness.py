"""Ends the lease of a leader that died silently, once no other member can acknowledge anything for it any more.

docs/decisions/0007 has the argument why nothing acknowledged is lost by it. In short: a commit needs a standby's receipt. Every other member that
finds the leader silent puts up a fence, which is that nothing of this member can log in to that leader as a standby, and says so in etcd. When all
have, one of them removes the leader's key, in one transaction that succeeds only while every fence is up and the leader is still the same.
Patroni elects as ever. A fence is named after the leader's key's revision: a leader chosen later has a higher one, and is followed.

Written against Patroni 4.0 and 4.1. The names of Patroni's that it uses are asked for when it is installed; where one is missing nothing is changed.
"""
import logging
import os
import signal
import socket
import struct
import threading
import time

from patroni.dcs import Leader
from patroni.dcs.etcd3 import Etcd3, PatroniEtcd3Client, base64_encode
from patroni.ha import Ha
from patroni.postgresql.config import ConfigHandler

logger = logging.getLogger("lease_witness")

ROUND_SECONDS = 1
SILENT_SECONDS = 4
"""How long neither Patroni nor PostgreSQL of the leader may have answered, nor any WAL have come from it."""

LEAST_TRIES = 2
"""A process that did not run for a while has noticed no silence: so many rounds of questions must have stayed unanswered."""

PROBE_TIMEOUT = 1
RECEIVERS = "SELECT pid FROM pg_catalog.pg_stat_activity WHERE backend_type = 'walreceiver'"
CONNECTION = "SELECT pg_catalog.current_setting('primary_conninfo')"
AGE = "SELECT extract(epoch FROM pg_catalog.clock_timestamp() - max(last_msg_receipt_time))::float8 FROM pg_catalog.pg_stat_get_wal_receiver()"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL answers it with one byte before anybody has logged in (protocol 3, SSLRequest)


def revision_of(leader):
    """The revision of the leader's key; 0 for a leader that Patroni knows without etcd."""
    return int(leader.version or 0)


class Fences:
    """The leaders that this member does not log in to, by name, with the revision of the key by which each led."""

    def __init__(self, password_file):
        self._password_file = password_file
        self._lock = threading.Lock()
        self._of = {}

    def put_up(self, leader, host):
        with self._lock:
            self._of[leader.name] = (revision_of(leader), host)
            self._empty()

    def take_down(self, name):
        with self._lock:
            self._of.pop(name, None)

    def keep_out(self, leader):
        revision, _ = self._of.get(leader.name, (-1, None))
        return revision_of(leader) <= revision

    def is_up(self, leader):
        return self._of.get(leader.name, (-1, None))[0] == revision_of(leader)

    def write_password(self, host, write):
        """PostgreSQL reads the file whenever it connects, so that an empty one counts from the next attempt on, whatever its settings say."""
        with self._lock:
            if all(host != fenced for _, fenced in self._of.values()):
                return write()
            self._empty()
            return {**os.environ, "PGPASSFILE": self._password_file}

    def _empty(self):
        with open(self._password_file, "w"):
            os.chmod(self._password_file, 0o600)


class Witness(threading.Thread):
    def __init__(self, ha, members):
        super().__init__(name="lease_witness", daemon=True)
        self.ha = ha
        self.fences = Fences(ha.state_handler.config._pgpass)
        self.name_here = ha.state_handler.name
        cluster, _, _ = self.name_here.rpartition("-")
        self.members = {f"{cluster}-{number}" for number in range(1, members + 1)}
        self._watched = None
        self._answered = self._tries = 0

    def run(self):
        while True:
            began = time.monotonic()
            try:
                self.round()
            except Exception as problem:  # Patroni goes on without a witness; the next round may succeed.
                logger.warning("The leader could not be watched: %r", problem)
            time.sleep(max(0, began + ROUND_SECONDS - time.monotonic()))

    def round(self):
        leader = self.ha.cluster.leader
        if (not leader or leader.name == self.name_here or not {leader.name, self.name_here} <= self.members or self.ha.is_paused()
                or self.ha.state_handler.state != "running"):
            self._watched = None
            return
        if self._watched != (leader.name, revision_of(leader)):
            self._watched, self._answered, self._tries = (leader.name, revision_of(leader)), time.monotonic(), 0
        if self.answers(leader):
            self._answered, self._tries = time.monotonic(), 0
            if self.fences.is_up(leader):
                self.follow_again(leader)
            return
        self._tries += 1
        silent = time.monotonic() - self._answered
        if silent < SILENT_SECONDS or self._tries < LEAST_TRIES:
            return
        if not self.fences.is_up(leader):
            logger.warning("Leader %s has been silent for %.1f s: this member does not follow it any more", leader.name, silent)
            self.put_up(leader)
        self._client.put(self._path(self.name_here), self._mark(leader))
        self.release(leader)

    def answers(self, leader):
        age = self._ask(AGE)[0][0]
        if age is not None:
            self._answered = max(self._answered, time.monotonic() - age)
            if age < ROUND_SECONDS:
                return True
        try:
            self.ha.patroni.request(leader.member, "GET", "liveness", timeout=PROBE_TIMEOUT, retries=0)
            return True
        except Exception as problem:
            logger.info("Patroni of leader %s does not answer: %r", leader.name, problem)
        target = leader.conn_kwargs()
        try:
            with socket.create_connection((target["host"], int(target["port"])), PROBE_TIMEOUT) as probe:
                probe.sendall(SSL_REQUEST)
                return len(probe.recv(1)) == 1
        except OSError as problem:
            logger.info("PostgreSQL of leader %s does not answer: %r", leader.name, problem)
            return False

    def put_up(self, leader):
        """
        The order is what makes it safe: with the file empty no receiver that starts later can log in, and of those that started before none is
        left when this returns. Only then may etcd be told.
        """
        settings = self._ask(CONNECTION)[0][0]
        if "password=" in settings or settings and "passfile=" not in settings:
            raise RuntimeError("this member logs in to its leader by something else than Patroni's password file: no fence is possible")
        self.fences.put_up(leader, leader.conn_kwargs()["host"])
        before = self._receivers()
        for pid in before:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        deadline = time.monotonic() + SILENT_SECONDS
        while before & self._receivers():
            if time.monotonic() > deadline:
                self.fences.take_down(leader.name)
                raise RuntimeError("the WAL receiver does not end: no fence")
            time.sleep(0.05)

    def release(self, leader):
        cluster = self.ha.cluster
        others = self.members | {member.name for member in cluster.members} | {name for name in cluster.sync.members if name}
        others.discard(leader.name)
        key = base64_encode(self.ha.dcs.leader_path)
        mark = base64_encode(self._mark(leader))
        compare = [{"key": key, "target": "MOD", "mod_revision": str(revision_of(leader))}]
        compare += [{"key": base64_encode(self._path(name)), "target": "VALUE", "value": mark} for name in sorted(others)]
        if self._transact(compare, [{"request_delete_range": {"key": key}}]):
            logger.warning("Removed the lease of leader %s: it is silent, and no member follows it any more (%s)", leader.name, ", ".join(sorted(others)))

    def follow_again(self, leader):
        """Only with this member's mark gone while the leader is still the same: whoever removes its key has then seen the mark, or never will."""
        same = {"key": base64_encode(self.ha.dcs.leader_path), "target": "MOD", "mod_revision": str(revision_of(leader))}
        if self._transact([same], [{"request_delete_range": {"key": base64_encode(self._path(self.name_here))}}]):
            self.fences.take_down(leader.name)
            logger.warning("Leader %s answers again: this member follows it", leader.name)
            self.ha.wakeup()

    def forget_earlier(self):
        """Before Patroni does anything: what an earlier process said of itself in etcd is not so any more."""
        while True:
            try:
                self._client.deleterange(self._path(self.name_here))
                return
            except Exception as problem:
                logger.warning("Waiting for etcd: %r", problem)
                time.sleep(ROUND_SECONDS)

    @property
    def _client(self):
        return self.ha.dcs._client

    def _transact(self, compare, success):
        def call(client, retry=None):
            return client.call_rpc("/kv/txn", {"compare": compare, "success": success}, retry)
        return bool(self._client.handle_auth_errors(call).get("succeeded"))

    def _path(self, name):
        return self.ha.dcs.client_path(f"/fence/{name}")

    @staticmethod
    def _mark(leader):
        return f"{leader.name} {revision_of(leader)}"

    def _receivers(self):
        return {pid for pid, in self._ask(RECEIVERS)}

    def _ask(self, sql):
        return self.ha.state_handler.connection_pool.get("lease_witness").query(sql)


def install(members):
    """
    Has every Patroni of this process watch its leader.

    members: how many there are. Their names end in -1, -2 and so on.
    """
    for owner, name in ((Ha, "_get_node_to_follow"), (Ha, "load_cluster_from_dcs"), (ConfigHandler, "write_pgpass"), (Etcd3, "client_path"),
                        (PatroniEtcd3Client, "call_rpc"), (PatroniEtcd3Client, "handle_auth_errors")):
        getattr(owner, name)
    initialize, node, load, write = Ha.__init__, Ha._get_node_to_follow, Ha.load_cluster_from_dcs, ConfigHandler.write_pgpass

    def __init__(self, patroni):
        initialize(self, patroni)
        if not isinstance(self.dcs, Etcd3):
            raise RuntimeError("leases are watched in etcd only (etcd3)")
        self.witness = Witness(self, members)
        self.state_handler.config.fences = self.witness.fences
        self.witness.forget_earlier()
        self.witness.start()

    def _get_node_to_follow(self, cluster):
        found = node(self, cluster)
        return None if isinstance(found, Leader) and self.witness.fences.keep_out(found) else found

    def load_cluster_from_dcs(self):
        load(self)
        leader = self.cluster.leader
        if leader and not self.witness.fences.keep_out(leader):
            self.witness.fences.take_down(leader.name)

    def write_pgpass(self, record):
        fences = getattr(self, "fences", None)
        return fences.write_password(record.get("host"), lambda: write(self, record)) if fences else write(self, record)

    Ha.__init__, Ha._get_node_to_follow, Ha.load_cluster_from_dcs, ConfigHandler.write_pgpass = __init__, _get_node_to_follow, load_cluster_from_dcs, write_pgpass
