"""Has Patroni name the standbys that a commit waits for, or nobody: never everybody, and never none.

docs/decisions/0008 has the reasons. Patroni (4.0, 4.1) writes three values of synchronous_standby_names by which a write can be acknowledged that
no second member has:
* "ANY 1 (*)" while it knows no standby. Whoever receives WAL counts then, a running pg_basebackup for one, whose copy is no member yet.
* "ANY 0 (...)", when a leader is elected again whose standbys had not all confirmed. PostgreSQL refuses it and keeps what it had before.
* an empty value, where synchronous replication was switched off.
In the place of the first and the last comes a name that nobody has: a commit waits until Patroni names somebody, which it does in its next round
once a standby streams. Patroni also leaves the line out, for a leader that is elected again without standbys: then postgresql-base.conf says the same.
"""
import re

from patroni.postgresql.config import ConfigWriter

SETTING = "synchronous_standby_names"
NOBODY = "ANY 1 (hub_waits_for_a_named_standby)"


def named(value):
    """The value to write in the place of Patroni's."""
    text = str(value).strip()
    return NOBODY if not text or "*" in text else re.sub(r"^(\D*)0+(\s*\()", r"\g<1>1\2", text)


def install():
    write = ConfigWriter.write_param

    def write_param(self, param, value):
        write(self, param, named(value) if param.lower() == SETTING else value)

    ConfigWriter.write_param = write_param
