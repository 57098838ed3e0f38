"""Has a member that starts bring to etcd what only etcd may set, when patroni.yml says something else than at the last time.

Patroni reads bootstrap.dcs (ttl, max_connections and others) when a cluster is made, and never again. A changed topology therefore reached a running
cluster through `./hub up` alone. Now whoever starts first with another bootstrap.dcs writes it, before its PostgreSQL starts: a rolling update, by
whatever tool, ends with the new values in force. What an operator changes in etcd stays: a mark beside the settings says which bootstrap.dcs was
brought last, and only another one is brought. Settings that bootstrap.dcs does not name are left alone. During a rolling update a member that
still has the old file may bring it back; the last one to be updated has the new one.
"""
import copy
import hashlib
import json
import logging

from patroni.__main__ import Patroni
from patroni.utils import patch_config

logger = logging.getLogger("dynamic_settings")

MARK = "hub_settings"
"""A setting that Patroni does not know: it keeps it in etcd and makes nothing of it."""

ATTEMPTS = 5


def mark_of(wanted):
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]


def differences(old, new, path=""):
    for name, value in new.items():
        if isinstance(value, dict):
            yield from differences(old.get(name) or {}, value, f"{path}{name}.")
        elif name != MARK and str(old.get(name)) != str(value):
            yield f"{path}{name} {old.get(name)} -> {value}"


def bring(patroni, cluster):
    """The cluster as it is afterwards. One whose settings are not there yet is left to Patroni, which makes them."""
    wanted = (patroni.config.get("bootstrap") or {}).get("dcs")
    for _ in range(ATTEMPTS):
        if not wanted or not cluster or not cluster.config or not cluster.config.data or cluster.config.data.get(MARK) == mark_of(wanted):
            return cluster
        settings = copy.deepcopy(cluster.config.data)
        patch_config(settings, wanted)
        settings[MARK] = mark_of(wanted)
        changes = ", ".join(differences(cluster.config.data, settings))
        # Refused when another member has written since this one has read.
        if patroni.dcs.set_config_value(json.dumps(settings, separators=(",", ":")), cluster.config.version) and changes:
            logger.info("Settings in etcd now are those of patroni.yml: %s", changes)
        cluster = patroni.ensure_dcs_access()
    logger.warning("Settings in etcd could not be brought to those of patroni.yml: the next start tries again")
    return cluster


def install():
    apply = Patroni.apply_dynamic_configuration

    def apply_dynamic_configuration(self, cluster):
        apply(self, bring(self, cluster))

    Patroni.apply_dynamic_configuration = apply_dynamic_configuration
