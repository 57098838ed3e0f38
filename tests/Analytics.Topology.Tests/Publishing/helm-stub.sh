#!/usr/bin/env bash
# Plays helm for deploy.sh: writes down what it is asked where kubectl-stub.sh does.
set -euo pipefail
printf 'helm %s\n' "$*" >> "$STUB/calls"
case $* in
  'version --template'*) echo "v${STUB_HELM_VERSION:-3.16.2}" ;;
  upgrade*--dry-run=server*)
    [ -z "${STUB_REFUSE:-}" ] || { echo "Error: refused" >&2; exit 1; }
    printf 'STATUS: pending-install\nkind: ConfigMap\nkind: StatefulSet\n      image: %s\n' "${STUB_IMAGE:-registry.example.com/hub/ingest:1}" ;;
  upgrade*)
    [ -z "${STUB_CHART_FAILS:-}" ] || { echo "Error: failed" >&2; exit 1; }
    echo "helm upgrade" >> "$STUB/changes"
    touch "$STUB/released"
    printf 'STATUS: deployed\nREVISION: 1\nNOTES:\ndeploy.sh --secrets-only\n' ;;
  *) echo "the stub does not know: helm $*" >&2; exit 64 ;;
esac
