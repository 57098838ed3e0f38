"""Whom this member does not log in to as a standby, whatever Patroni and PostgreSQL would do by themselves. See lease_witness.py."""
import os
import threading


def revision_of(leader):
    """The revision of the leader's key; 0 for a leader that Patroni knows without etcd."""
    return int(leader.version or 0)


class Fences:
    """The leaders that this member does not log in to: by name, with the revision of the key by which each led."""

    def __init__(self, password_file):
        self._password_file = password_file
        self._lock = threading.Lock()
        self._of = {}  # name: (revision, host, whether no receiver from before is left)
        self._led = set()  # whom this process has known by a key of their own
        self._start = None  # revision of the leader's key and of all of etcd when this process began, until what it is shown is as new

    def begin(self, leader_revision, revision):
        self._start = (leader_revision, revision)

    def put_up(self, leader, host):
        with self._lock:
            revision, _, _ = self._of.get(leader.name, (0, None, False))
            if revision > revision_of(leader):
                raise RuntimeError(f"what is known of {leader.name} is older than the fence")
            self._of[leader.name] = (revision_of(leader), host, False)
            self._empty()

    def prove(self, leader):
        with self._lock:
            if self._revision(leader) == revision_of(leader):
                self._of[leader.name] = (*self._of[leader.name][:2], True)

    def is_up(self, leader):
        with self._lock:
            return self._revision(leader) == revision_of(leader)

    def is_proven(self, leader):
        with self._lock:
            return self._revision(leader) == revision_of(leader) and self._of[leader.name][2]

    def take_down(self, leader):
        with self._lock:
            if self._revision(leader) == revision_of(leader):
                del self._of[leader.name]

    def see(self, leader):
        """Somebody leads: by a later key than a fence of his, he is followed again."""
        with self._lock:
            if revision_of(leader) == 0 or self._is_old(leader):
                return
            self._start = None
            self._led.add(leader.name)
            self._of.pop(leader.name, None)

    def keep_out(self, leader):
        with self._lock:
            if revision_of(leader) == 0:
                return leader.name in self._of or leader.name not in self._led
            return self._is_old(leader)

    def forget_if_ahead(self, leader, revision):
        """etcd that was restored counts from the past again."""
        with self._lock:
            if max(self._revision(leader), (self._start or (0, 0))[1]) > revision:
                self._of.pop(leader.name, None)
                self._start = None

    def write_password(self, host, write):
        """PostgreSQL reads the file whenever it connects, so that an empty one counts from the next attempt on, whatever its settings say."""
        with self._lock:
            if all(host != fenced for _, fenced, _ in self._of.values()):
                return write()
            self._empty()
            return {**os.environ, "PGPASSFILE": self._password_file}

    def _revision(self, leader):
        return self._of.get(leader.name, (-1,))[0]

    def _is_old(self, leader):
        if leader.name in self._of:
            return revision_of(leader) <= self._revision(leader)
        return self._start is not None and revision_of(leader) <= self._start[1] and revision_of(leader) != self._start[0]

    def _empty(self):
        with open(self._password_file, "w"):
            os.chmod(self._password_file, 0o600)
