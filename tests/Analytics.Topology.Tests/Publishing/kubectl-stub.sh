#!/usr/bin/env bash
# Plays kubectl for deploy.sh: keeps Secrets as files below $STUB, and writes what would change the cluster to $STUB/changes.
set -euo pipefail
args=$*
change() { printf '%s\n' "$1" >> "$STUB/changes"; }
field() { sed -n "s/^  $1: //p" "$2"; }
[ "${1:-}" != --namespace ] || shift 2
case "$*" in
  'config current-context') echo stub ;;
  'get --raw /version') printf '{"major": "1", "minor": "%s"}\n' "${STUB_MINOR:-30+}" ;;
  'get storageclass'*) echo "${STUB_DEFAULT_CLASS-true}" ;;
  'get nodes'*) for _ in $(seq "${STUB_NODES:-3}"); do printf '|8|%s\n' "${STUB_MEMORY:-65000000Ki}"; done; printf 'true|8|65000000Ki\n' ;;
  'get namespace'*helm*) printf '%s' "${STUB_HELM:-}" ;;
  'get namespace'*instance*) printf '%s' "${STUB_OWNER-hub}" ;;
  'get namespace'*) [ -e "$STUB/namespace" ] ;;
  'get crd'*) [ -n "${STUB_CRDS:-}" ] ;;
  'get secret'*)
    key=${args##*jsonpath=\{.data.}
    key=${key%\}}
    cat "$STUB/secrets/$3/${key//\\/}" ;;
  'get job'*) printf 'Complete active: failed:' ;;
  *--dry-run=server*)
    file=${args##*--filename }
    [ "$file" != - ] || { file=$STUB/stdin.yaml; cat > "$file"; }
    if grep -q '^  namespace: timescaledb$' "$file" && [ ! -e "$STUB/namespace" ]; then echo "namespaces not found" >&2; exit 1; fi
    [ "${STUB_REFUSE:-}" != "${file##*/}" ] || { echo "refused" >&2; exit 1; } ;;
  apply*secret.yaml)
    file=${args##*--filename }
    name=$(field name "$file")
    mkdir -p "$STUB/secrets/$name"
    sed -n '/^data:/,$p' "$file" | sed -n 's/^  //p' | while IFS=': ' read -r key value; do printf '%s' "$value" > "$STUB/secrets/$name/$key"; done
    change "secret $name" ;;
  apply*) touch "$STUB/namespace"; change "apply ${args##*/}" ;;
  *pg_is_in_recovery*) case $args in *timescaledb-2*) echo f ;; *) echo t ;; esac ;;
  *system_health_check*) printf 'replication | %s | two standbys\n' "${STUB_HEALTH:-ok}" ;;
  'rollout status'* | wait*) change "wait $*" ;;
  delete*) change "$*" ;;
  *) echo "the stub does not know: $args" >&2; exit 64 ;;
esac
