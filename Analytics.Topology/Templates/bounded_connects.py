"""Has a standby give up an address that answers nothing after seconds, and look its leader up again. docs/decisions/0006 has the reasons.

All members restarted at once get other addresses, while a name server may keep the old ones for half a minute. A standby that connects to one that
drops its packets is given up by the kernel after two minutes, and PostgreSQL's WAL receiver has no time-out of its own there: it ignores
connect_timeout, which libpq leaves to whoever connects without waiting. TCP_USER_TIMEOUT holds for a connection that is being made, too. The other
settings are for pg_rewind and pg_basebackup, which do wait, and for a leader that is gone before the stream has begun: until then
wal_receiver_timeout does not count. Patroni takes none of them in its own configuration (patroni/postgresql/config.py, format_dsn).
"""
from patroni.postgresql.config import ConfigHandler

BOUNDS = {"connect_timeout": 5, "tcp_user_timeout": 5000, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}


def install():
    format_dsn = ConfigHandler.format_dsn

    def bounded(self, params):
        return " ".join([format_dsn(self, params)] + [f"{name}={value}" for name, value in BOUNDS.items()])

    ConfigHandler.format_dsn = bounded
