"""
lease_witness.py itself, on three members in a model of etcd, Patroni and PostgreSQL, through random interleavings.

Every call to etcd, to PostgreSQL and to a process may be interrupted by what the others do; requests to etcd get lost, take effect without an answer, or
take effect long after whoever sent them gave up; members reach each other or not, and are started again. What may never happen: a standby gives a receipt to a member whose lease was removed and
that has no new one, for that is how an acknowledged commit would be lost.

Arguments: number of runs, first seed. Prints what was seen, or the events of the run that went wrong.
"""
import base64
import random
import sys
import tempfile
import threading
import types

import lease_fences
import lease_witness

NAMES = ("db-1", "db-2", "db-3")
LEADER = "/service/db/leader"
STEPS = 2500
TTL = 5


class Restarted(BaseException):
    """The member that this actor belongs to is started again."""


class Ended(BaseException):
    """The run is over."""


class World:
    """Runs one actor at a time, from one of its interruptions to the next; which one, the seed decides."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.now = 0.0
        self.actors = []
        self.running = threading.local()
        self.over = False
        self.events = []
        self.violation = None
        self.counts = dict.fromkeys(("receipts", "removed", "fences", "lifted", "elected", "restarts"), 0)
        self.back = threading.Semaphore(0)

    def say(self, text):
        self.events.append(f"{self.now:7.2f} {text}")

    def add(self, member, body):
        actor = types.SimpleNamespace(member=member, turn=threading.Semaphore(0), restart=False, done=False)

        def run():
            self.running.actor = actor
            actor.turn.acquire()
            while not self.over:
                try:
                    body()
                except Restarted:
                    continue
                except Ended:
                    break
                except Exception as problem:
                    self.violation = self.violation or f"an actor of {member} failed: {problem!r}"
                    break
            actor.done = True
            self.back.release()

        actor.thread = threading.Thread(target=run, daemon=True)
        actor.thread.start()
        self.actors.append(actor)

    def interrupt(self):
        actor = self.running.actor
        self.back.release()
        actor.turn.acquire()
        if self.over:
            raise Ended
        if actor.restart:
            actor.restart = False
            raise Restarted

    def run(self):
        for _ in range(STEPS):
            self.now += self.random.choice((0.0, 0.01, 0.1, 0.3))
            actor = self.random.choice(self.actors)
            if actor.done or self.violation:
                break
            actor.turn.release()
            self.back.acquire()
        self.over = True
        for actor in self.actors:
            while not actor.done:
                actor.turn.release()
                self.back.acquire()
            actor.thread.join()

    def restart(self, member):
        for actor in self.actors:
            if actor.member is member:
                actor.restart = True


class Etcd:
    def __init__(self, world):
        self.world, self.revision, self.keys, self.late = world, 1, {}, []
        self.history = [(None, 0)]  # of the leader's key

    def handle_auth_errors(self, call, retry=None):
        return call(self, retry=retry)

    def range(self, key, serializable=True):
        assert not serializable
        self.world.interrupt()
        self.fail(0.03)
        return self.answer(key)

    def answer(self, key):
        header = {"header": {"revision": str(self.revision)}}
        if key not in self.keys:
            return header
        value, revision = self.keys[key]
        return header | {"kvs": [{"value": base64.b64encode(value.encode()).decode(), "mod_revision": str(revision)}]}

    def fail(self, chance):
        if self.world.random.random() < chance:
            raise OSError("no answer")

    def call_rpc(self, method, fields, retry=None):
        assert method == "/kv/txn"

        def transaction():
            for one in fields["compare"]:
                value, revision = self.keys.get(text(one["key"]), (None, 0))
                if one["target"] == "MOD" and str(revision) != one["mod_revision"] or one["target"] == "VALUE" and value != text(one["value"]):
                    return {}
            responses = []
            for one in fields["success"]:
                (kind, request), = one.items()
                if kind == "request_put":
                    responses.append(self.set(text(request["key"]), text(request["value"])))
                elif kind == "request_range":
                    responses.append({"response_range": self.answer(text(request["key"]))})
                else:
                    responses.append(self.delete(text(request["key"])))
            return {"succeeded": True, "responses": responses, "header": {"revision": str(self.revision)}}
        return self.change(transaction)

    def change(self, apply):
        self.world.interrupt()
        fate = self.world.random.random()
        if fate < 0.05:
            raise OSError("lost on the way to etcd")
        if fate < 0.15:
            self.late.append(apply)
            raise OSError("etcd does not answer")
        answer = apply()
        self.world.interrupt()
        if self.world.random.random() < 0.05:
            raise OSError("etcd's answer was lost")
        return answer

    def set(self, key, value):
        self.revision += 1
        self.keys[key] = (value, self.revision)
        if key == LEADER:
            self.history.append(self.keys[key])

    def delete(self, key):
        self.revision += 1
        if key == LEADER and key in self.keys:
            self.world.counts["removed"] += 1
            self.world.say(f"lease of {self.keys[key][0]} removed")
            self.history.append((None, 0))
        self.keys.pop(key, None)

    @property
    def leader(self):
        return self.keys.get(LEADER, (None, 0))


def text(encoded):
    return base64.b64decode(encoded).decode()


class Leader:
    def __init__(self, name, revision):
        self.name, self.version, self.member = name, str(revision), name

    def conn_kwargs(self):
        return {"host": self.name, "port": "1"}


class Member:
    """A member's container: Patroni's loop, the witness, and PostgreSQL's receiver of WAL, each interrupted by the others."""

    def __init__(self, world, etcd, name):
        self.world, self.etcd, self.name = world, etcd, name
        self.file = tempfile.NamedTemporaryFile("w", delete=False).name
        self.settings = self.view = None  # primary_conninfo in the file, and as PostgreSQL last read it
        self.receivers = {}  # process id: the host it has a password for, None before it read the file
        self.connected = None  # process id of the receiver that has logged in
        self.ending = set()  # process ids that were told to end and have not yet
        self.reachable = dict.fromkeys(NAMES, True)
        self.boot()

    def boot(self):
        self.receivers, self.connected = {}, None
        self.shown = max(0, len(self.etcd.history) - 3)  # how far of the leader's history Patroni knows: an etcd member that lags answers, too
        self.cluster = types.SimpleNamespace(leader=None, members=[types.SimpleNamespace(name=name) for name in NAMES], sync=types.SimpleNamespace(members=NAMES))
        connection = types.SimpleNamespace(query=self.query)
        self.state_handler = types.SimpleNamespace(name=self.name, state="running", config=types.SimpleNamespace(_pgpass=self.file), connection_pool=types.SimpleNamespace(get=lambda _: connection))
        self.dcs = types.SimpleNamespace(ttl=TTL, _client=self.etcd, leader_path=LEADER, client_path=lambda path: "/service/db" + path)
        self.patroni = types.SimpleNamespace(request=self.ask)
        self.witness = lease_witness.Witness(self, len(NAMES))
        self.ready = False

    def is_paused(self):
        return False

    def wakeup(self):
        self.world.say(f"{self.name} follows {self.witness._watched[0]} again")
        self.world.counts["lifted"] += 1

    def ask(self, member, *_, **__):
        self.world.interrupt()
        if not self.reachable[member]:
            raise OSError("no answer")

    def query(self, sql):
        self.world.interrupt()
        self.etcd.fail(0.15)
        if sql == lease_witness.RECEIVERS:
            return [(pid,) for pid in self.receivers]
        if sql == lease_witness.CONNECTION:
            return [(f"host={self.settings} passfile={self.file}" if self.settings else "",)]
        assert sql == lease_witness.AGE
        return [(None,)]

    def witness_round(self):
        if not self.ready:
            return self.world.interrupt()
        before = dict(self.witness.fences._of)
        try:
            self.witness.round()
        except (OSError, RuntimeError):  # what the witness's thread logs
            pass
        if self.witness.fences._of != before and self.witness._tries:
            self.world.counts["fences"] += 1
            self.world.say(f"{self.name} fences {self.witness.fences._of}")
        self.world.interrupt()

    def patroni_round(self):
        """As lease_witness.install changes Patroni's: what was loaded may be old when it is acted on."""
        if not self.ready:
            self.witness.forget_earlier()
            self.ready = True
        self.shown = self.world.random.randint(self.shown, len(self.etcd.history) - 1)
        name, revision = self.etcd.history[self.shown]
        former = self.etcd.history[self.shown - 1][0]
        if name is None and former not in (None, self.name) and self.world.random.random() < 0.1:
            name, revision = former, ""  # failsafe: who led says that he cannot reach etcd
        self.world.interrupt()
        self.cluster.leader = leader = Leader(name, revision) if name else None
        fences = self.witness.fences
        if leader:
            fences.see(leader)
        self.world.interrupt()
        if leader is None:
            if self.world.random.random() < 0.3 and self.etcd.leader[0] is None:
                self.etcd.set(LEADER, self.name)
                self.world.counts["elected"] += 1
                self.world.say(f"{self.name} leads")
        elif leader.name == self.name:
            self.settings = None
            if self.world.random.random() < 0.05 and self.etcd.leader == (name, revision):
                self.etcd.set(LEADER, self.name)  # its session was lost, and the key is put again
        elif fences.keep_out(leader):
            self.settings = None
        else:
            self.world.interrupt()
            fences.write_password(leader.name, lambda: self.write(leader.name))
            self.settings = leader.name
        self.world.interrupt()

    def write(self, host):
        with open(self.file, "w") as file:
            file.write(host)
        return {}

    def postgresql_round(self):
        if not self.ready:  # Patroni starts it
            return self.world.interrupt()
        if self.world.random.random() < 0.3:
            self.view = self.settings
        if self.ending and self.world.random.random() < 0.3:
            self.receivers.pop(self.ending.pop(), None)
        self.receivers = {pid: host for pid, host in self.receivers.items() if pid == self.connected}
        if self.connected not in self.receivers:
            self.connected = None
        if self.view is None:
            self.receivers, self.connected = {}, None
        elif self.connected is None:
            host, pid = self.view, self.world.random.getrandbits(48)
            self.receivers[pid] = None
            self.world.interrupt()
            with open(self.file) as file:
                password = file.read()
            self.world.interrupt()
            if pid in self.receivers and password == host and self.reachable[host]:
                self.receivers[pid], self.connected = host, pid
        else:
            host = self.receivers[self.connected]
            if self.reachable[host]:
                self.world.counts["receipts"] += 1
                if self.etcd.leader[0] != host:
                    self.world.violation = f"{self.name} gave a receipt to {host}, which has no lease any more"
        self.world.interrupt()



def run(seed):
    world = World(seed)
    etcd = Etcd(world)
    etcd.set(LEADER, NAMES[0])
    members = [Member(world, etcd, name) for name in NAMES]

    def kill(pid, _):
        world.interrupt()
        for member in members:
            if pid in member.receivers:
                member.ending.add(pid)

    lease_fences.os = types.SimpleNamespace(environ={}, chmod=lambda *_: None)
    lease_witness.os = types.SimpleNamespace(kill=kill)
    lease_witness.time = types.SimpleNamespace(monotonic=lambda: world.now, sleep=lambda _: world.interrupt())
    lease_witness.socket = types.SimpleNamespace(create_connection=lambda *_: (_ for _ in ()).throw(OSError("no answer")))
    for member in members:
        world.add(member, member.witness_round)
        world.add(member, member.patroni_round)
        world.add(member, member.postgresql_round)

    def weather():
        one = world.random.choice(members)
        chance = world.random.random()
        if chance < 0.02:
            world.say(f"{one.name} is started again")
            world.counts["restarts"] += 1
            one.boot()
            world.restart(one)
        elif chance < 0.12:
            for member in members:
                member.reachable[one.name] = False
            world.say(f"{one.name} is silent")
        elif chance < 0.22:
            for member in members:
                member.reachable[one.name] = True
            world.say(f"{one.name} answers")
        elif chance < 0.3 and etcd.late:
            etcd.late.pop(world.random.randrange(len(etcd.late)))()
        elif chance < 0.38:
            world.random.choice(members).reachable[one.name] = world.random.random() < 0.5
        world.interrupt()

    world.add(None, weather)
    world.run()
    return world


def main(runs, first):
    lease_witness.logger.disabled = True
    total = {}
    for seed in range(first, first + runs):
        world = run(seed)
        if world.violation:
            print("\n".join(world.events[-40:]))
            print(f"seed {seed}: {world.violation}")
            return 1
        for name, count in world.counts.items():
            total[name] = total.get(name, 0) + count
    print(f"{runs} runs: " + ", ".join(f"{count} {name}" for name, count in total.items()))
    return 0 if all(total.values()) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
