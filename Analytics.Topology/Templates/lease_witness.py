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
from patroni.dcs.etcd3 import Etcd3, PatroniEtcd3Client, base64_decode, base64_encode
from patroni.ha import Ha
from patroni.postgresql.config import ConfigHandler

from lease_fences import Fences, revision_of

logger = logging.getLogger("lease_witness")

ROUND_SECONDS = 1
SILENT_SECONDS = 4
"""How long neither Patroni nor PostgreSQL of the leader may have answered, nor any WAL have come from it."""

LEAST_TRIES = 2
"""A process that did not run for a while has noticed no silence: so many rounds of questions must have stayed unanswered."""

PROBE_TIMEOUT = 1
NO_MARK = "none"
"""Written over a mark instead of deleting it, so that the key's revision only ever grows."""

RECEIVERS = "SELECT pid FROM pg_catalog.pg_stat_activity WHERE backend_type = 'walreceiver'"
CONNECTION = "SELECT pg_catalog.current_setting('primary_conninfo')"
AGE = "SELECT extract(epoch FROM pg_catalog.clock_timestamp() - max(last_msg_receipt_time))::float8 FROM pg_catalog.pg_stat_get_wal_receiver()"
SSL_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL answers it with one byte before anybody has logged in (protocol 3, SSLRequest)


class Witness(threading.Thread):
    def __init__(self, ha, members):
        super().__init__(name="lease_witness", daemon=True)
        self.ha = ha
        self.fences = Fences(ha.state_handler.config._pgpass)
        self.name_here = ha.state_handler.name
        cluster, _, _ = self.name_here.rpartition("-")
        self.members = {f"{cluster}-{number}" for number in range(1, members + 1)}
        self._watched = None
        self._since = self._answered = 0.0
        self._tries = 0
        self._marked = False

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
        if not leader or revision_of(leader) == 0 or leader.name == self.name_here or not {leader.name, self.name_here} <= self.members:
            self._watched = None
            return
        if self._watched != (leader.name, revision_of(leader)):
            self._watched, self._tries = (leader.name, revision_of(leader)), 0
            self._since = self._answered = time.monotonic()
        running = self.ha.state_handler.state == "running"
        if self.answers(leader, running):
            self._answered, self._tries = time.monotonic(), 0
            if self._marked or self.fences.is_up(leader):
                self.follow_again(leader)
            elif self.fences.keep_out(leader):
                self.look_again(leader)
            return
        self._tries += 1
        silent = time.monotonic() - self._answered
        if not running or self.ha.is_paused() or silent < SILENT_SECONDS or self._tries < LEAST_TRIES:
            return
        if time.monotonic() - self._since < self.ha.dcs.ttl:
            return  # Somebody's attempt to lead, older than this lease, may still be on its way to etcd.
        if not self.fences.is_proven(leader):
            logger.warning("Leader %s has been silent for %.1f s: this member does not follow it any more", leader.name, silent)
            self.put_up(leader)
        self.mark(leader)
        self.release(leader)

    def answers(self, leader, running):
        age = self._ask(AGE)[0][0] if running else None
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
        left when the fence counts as proven. Only then may etcd be told.
        """
        if self._read(self.ha.dcs.leader_path)[:2] != (leader.name, revision_of(leader)):
            raise RuntimeError(f"{leader.name} does not lead by that key any more")
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
                raise RuntimeError("the WAL receiver does not end")
            time.sleep(0.05)
        self.fences.prove(leader)

    def mark(self, leader):
        """
        Only in place of what was read right before: a request that etcd takes up late, when this member has taken its fence down and its mark back,
        finds something newer there.
        """
        value, revision, _ = self._read(self._path(self.name_here))
        if value == self._mark(leader) or not self.fences.is_proven(leader):
            return
        self._marked = True
        path = base64_encode(self._path(self.name_here))
        self._transact([self._same(leader), {"key": path, "target": "MOD", "mod_revision": str(revision)}],
                       [{"request_put": {"key": path, "value": base64_encode(self._mark(leader))}}])

    def release(self, leader):
        cluster = self.ha.cluster
        others = self.members | {member.name for member in cluster.members} | {name for name in cluster.sync.members if name}
        others.discard(leader.name)
        mark = base64_encode(self._mark(leader))
        compare = [self._same(leader)] + [{"key": base64_encode(self._path(name)), "target": "VALUE", "value": mark} for name in sorted(others)]
        if self._transact(compare, [{"request_delete_range": {"key": base64_encode(self.ha.dcs.leader_path)}}]).get("succeeded"):
            logger.warning("Removed the lease of leader %s: it is silent, and no member follows it any more (%s)", leader.name, ", ".join(sorted(others)))

    def follow_again(self, leader):
        """Only with this member's mark taken back while the leader is still the same: whoever removes its key has then seen the mark, or never will."""
        if self._transact([self._same(leader)], [self._unmark()]).get("succeeded"):
            self._marked = False
            if self.fences.is_up(leader):
                self.fences.take_down(leader)
                logger.warning("Leader %s answers again: this member follows it", leader.name)
                self.ha.wakeup()

    def look_again(self, leader):
        name, revision, newest = self._read(self.ha.dcs.leader_path)
        if (name, revision) == (leader.name, revision_of(leader)):
            self.fences.forget_if_ahead(leader, newest)

    def forget_earlier(self):
        """
        Before Patroni does anything: what an earlier process said of itself in etcd is not so any more. What Patroni is shown next may be older than
        that, from a member of etcd that lags: no leader of then is followed, but for the one that led at this moment.
        """
        while True:
            try:
                answer = self._transact([], [self._unmark(), {"request_range": {"key": base64_encode(self.ha.dcs.leader_path)}}])
                leads = answer["responses"][1]["response_range"].get("kvs")
                self.fences.begin(int(leads[0]["mod_revision"]) if leads else 0, int(answer["header"]["revision"]))
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
        return self._client.handle_auth_errors(call)

    def _read(self, path):
        """What is there, its revision (0: nothing is there), and the revision of all of etcd; from its leader, not from a member that lags."""
        answer = self._client.range(path, serializable=False)
        found = answer.get("kvs")
        value, revision = (base64_decode(found[0]["value"]), int(found[0]["mod_revision"])) if found else (None, 0)
        return value, revision, int(answer["header"]["revision"])

    def _same(self, leader):
        return {"key": base64_encode(self.ha.dcs.leader_path), "target": "MOD", "mod_revision": str(revision_of(leader))}

    def _unmark(self):
        return {"request_put": {"key": base64_encode(self._path(self.name_here)), "value": base64_encode(NO_MARK)}}

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
        if self.cluster.leader:
            self.witness.fences.see(self.cluster.leader)

    def write_pgpass(self, record):
        fences = getattr(self, "fences", None)
        return fences.write_password(record.get("host"), lambda: write(self, record)) if fences else write(self, record)

    Ha.__init__, Ha._get_node_to_follow, Ha.load_cluster_from_dcs, ConfigHandler.write_pgpass = __init__, _get_node_to_follow, load_cluster_from_dcs, write_pgpass
