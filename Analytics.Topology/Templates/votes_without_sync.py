"""Has a member lead without Patroni's key /sync only when the others that are there suffice to say that it lacks nothing.

/sync holds which standbys may have confirmed commits, and how many of them an election must hear. When etcd has lost it, Patroni (4.0, 4.1) asks for
nobody's vote: whoever is alone becomes leader, also a standby that was cut off while the others confirmed, if it is less than
maximum_lag_on_failover behind. An acknowledged write is on two members, so of any members but one at least one has it: a candidate must hear all
others but one, and none of them may be ahead. A member that led without others, as /failsafe says, had everything by itself.

`patronictl failover --candidate` goes past this, as it goes past every vote.
"""
import logging

from patroni.ha import Ha

logger = logging.getLogger("votes_without_sync")


def led_alone(ha):
    """Whether the last leader had no other member, and this member was that leader. A hub that is being made is in this state for a moment."""
    failsafe = ha.dcs.failsafe
    return bool(ha.cluster.initialize) and isinstance(failsafe, dict) and set(failsafe) == {ha.state_handler.name}


def install(count):
    """count: of members of the cluster, whether they run or not."""
    healthiest = Ha._is_healthiest_node
    _ = Ha.is_quorum_commit_mode, Ha.fetch_nodes_statuses  # asked for here: where one is missing nothing is changed

    def _is_healthiest_node(self, members, *args, **named):
        if not healthiest(self, members, *args, **named):
            return False
        if not self.is_quorum_commit_mode() or not self.cluster.sync.is_empty or led_alone(self):
            return True
        position = self.state_handler.last_operation()
        others = self.fetch_nodes_statuses([member for member in members if member.name != self.state_handler.name and member.api_url])
        votes = sum(1 for other in others if other.in_recovery and 0 < other.wal_position <= position)
        if votes >= count - 2:
            return True
        logger.warning("Not leading: etcd has lost /sync, and of the %d members that must say that this one lacks nothing %d did", count - 2, votes)
        return False

    Ha._is_healthiest_node = _is_healthiest_node
