"""Has a copy of the leader that is not yet complete become a standby, and nothing else first.

When PostgreSQL does not run although its files say that it did, Patroni before 4.0.9 and 4.1.3 has it recover alone (single-user mode) and stop in
good order. On a base backup whose WAL is not replayed yet that ends recovery: the copy writes a checkpoint of its own into the next WAL segment, on the
leader's timeline. As a standby it then begins to receive behind that, lacks everything in between, and confirms commits that it does not have
(Patroni's issue 3576). As long as backup_label is there, PostgreSQL has to start as a standby: it alone knows from where to replay.
"""
import logging
import os

from patroni.ha import Ha

logger = logging.getLogger("fresh_copies")


def install():
    recover = Ha._handle_crash_recovery

    def _handle_crash_recovery(self):
        if os.path.isfile(os.path.join(self.state_handler.data_dir, "backup_label")):
            logger.warning("Not recovering alone: this is a copy of the leader whose WAL is not replayed yet")
            return None
        return recover(self)

    Ha._handle_crash_recovery = _handle_crash_recovery
