"""Starts Patroni, and has it look up the other members whenever it asks them something. See also the modules loaded below.

Patroni keeps the address of a name for ten minutes (patroni/dcs/etcd.py, DnsCachingResolver), and not only etcd's but also the members'. A member
that was started again has another address. The others then ask in the wrong place for its vote, and the leader for its consent while etcd is lost:
at an address that nobody has, so that nobody is elected or the leader steps down, or at that of another member, whose answer counts as this one's.
etcd's addresses stay kept: they let a leader go on while no name can be looked up, and are looked up again when a connection fails.
"""
import os
import re
import sys

from patroni.version import __version__

# Quorum commit came with it. An older one takes the setting for a switch that is on, and ends minutes later in an error that names nothing.
LEAST = (4, 0, 0)
if tuple(int(number) for number in re.findall(r"\d+", __version__)[:3]) < LEAST:
    sys.exit(f"error: this database image has Patroni {__version__}, and Hub needs {'.'.join(map(str, LEAST))} or later (synchronous_mode: quorum).\n"
             "  -> Take a newer database image: docs/VERSIONS.md. Nothing was started and no data was touched.")

from patroni.__main__ import main  # after the check: an old one may lack what is imported from here on

REST_PORT = 8008

try:
    from patroni.dcs.etcd import DnsCachingResolver

    kept, forget = DnsCachingResolver.resolve, DnsCachingResolver.remove

    def resolve(self, host, port):
        if port == REST_PORT:
            forget(self, host, port)
        return kept(self, host, port)

    DnsCachingResolver.resolve = resolve
except (ImportError, AttributeError) as problem:
    print(f"This Patroni looks up names in a way of its own ({problem}): whether it keeps members' addresses is not known.", file=sys.stderr)

try:
    import standby_names

    standby_names.install()
except (ImportError, AttributeError) as problem:
    print(f"This Patroni writes its configuration in a way of its own ({problem}): a copy of the WAL that is no member's may count as one.", file=sys.stderr)

try:
    import fresh_copies

    fresh_copies.install()
except (ImportError, AttributeError) as problem:
    print(f"This Patroni recovers in a way of its own ({problem}): before 4.0.9 and 4.1.3 a copy of the leader that fails to start once lacks WAL.", file=sys.stderr)

try:
    import bounded_connects

    bounded_connects.install()
except (ImportError, AttributeError) as problem:
    print(f"This Patroni connects to the leader in a way of its own ({problem}): an address that nobody has any more may hold a standby for two minutes.", file=sys.stderr)

try:
    import dynamic_settings

    dynamic_settings.install()
except (ImportError, AttributeError) as problem:
    print(f"This Patroni takes its dynamic settings in a way of its own ({problem}): ./hub up or patronictl edit-config brings changed ones.", file=sys.stderr)

try:
    import certificate_watch

    certificate_watch.install()
except (ImportError, AttributeError) as problem:
    print(f"This Patroni serves its figures in a way of its own ({problem}): renewed certificates are read at a restart, and not watched.", file=sys.stderr)

members = int(os.environ.get("HUB_MEMBERS", 0))
if members:
    try:
        import votes_without_sync

        votes_without_sync.install(members)
    except (ImportError, AttributeError) as problem:
        print(f"This Patroni elects in a way of its own ({problem}): when etcd has lost /sync, a member that lacks acknowledged writes may lead.", file=sys.stderr)

witnesses = int(os.environ.get("HUB_LEASE_WITNESSES", 0))
if witnesses:
    try:
        import lease_witness

        lease_witness.install(witnesses)
    except (ImportError, AttributeError) as problem:
        print(f"This Patroni cannot have witnesses ({problem}): a leader that dies silently keeps its lease until it runs out.", file=sys.stderr)

# Where processes are not forked, the one that does the work reads this file as well.
if __name__ == "__main__":
    sys.exit(main())
