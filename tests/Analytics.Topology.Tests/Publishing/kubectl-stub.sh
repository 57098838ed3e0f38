#!/usr/bin/env bash
# Plays kubectl and a cluster for deploy.sh. Below $STUB: calls (every call's arguments), changes (what would change the cluster),
# secrets/NAME/KEY (base64), applied/ (files as they were last applied), and marks that a test sets: namespace, failed-job,
# released (by helm), manifests (what is there came from them).
set -euo pipefail
printf '%s\n' "$*" >> "$STUB/calls"
change() { printf '%s\n' "$1" >> "$STUB/changes"; }
context='' file=''
if [ "${1:-}" = --context ]; then context=$2; shift 2; fi
[ "${1:-}" != --namespace ] || shift 2
args=$*
case $args in *'--filename -') file=$STUB/stdin; cat > "$file" ;; *--filename*) file=${args##*--filename } ;; esac

apply() {
  local name
  if grep -q '^kind: Secret$' "$file" && grep -q '^data:$' "$file"; then
    name=$(sed -n 's/^  name: //p' "$file")
    rm -rf "${STUB:?}/secrets/$name"
    mkdir -p "$STUB/secrets/$name"
    sed '1,/^data:$/d' "$file" | while IFS=': ' read -r key value; do printf '%s' "$value" > "$STUB/secrets/$name/$key"; done
    change "secret $name"
    echo "secret/$name serverside-applied"
    return
  fi
  ! grep -q '^kind: Namespace$' "$file" || touch "$STUB/namespace"
  mkdir -p "$STUB/applied"
  name=${file##*/}
  [ ! -e "$STUB/applied/$name" ] || { change "patch $name"; cp "$file" "$STUB/applied/$name"; echo "$name configured"; return; }
  cp "$file" "$STUB/applied/$name"
  change "apply $name"
  echo "$name created"
}

case $args in
  'version --client') echo "Client Version: v${STUB_CLIENT:-1.30.2-stub}" ;;
  'config current-context') [ -z "${STUB_NO_CONTEXT:-}" ] || exit 1; echo stub ;;
  'config view'*) echo https://stub.example ;;
  'get --raw /version'*)
    [ "${STUB_DOWN:-}" != "$context" ] || { echo 'connection refused' >&2; exit 1; }
    printf '{"major": "1", "minor": "%s"}\n' "${STUB_MINOR:-30+}" ;;
  'get storageclass'*) echo "${STUB_DEFAULT_CLASS-true}" ;;
  'get csidriver'*) [ -n "${STUB_NO_DRIVER:-}" ] || echo csidriver/there ;;
  'get nodes'*)
    for _ in $(seq "${STUB_NODES:-3}"); do printf 'node|PreferNoSchedule|8,%s\n' "${STUB_MEMORY:-65000000Ki}"; done
    printf 'node|true|64,650000000Ki\nnode|NoSchedule|64,650000000Ki\n' ;;
  'get pods --all-namespaces'*) printf 'pod|other|%s,1Gi|,\npod|timescaledb|4,16Gi\n' "${STUB_USED:-500m}" ;;
  'get namespace'*) [ ! -e "$STUB/namespace" ] || printf '%s|%s|%s' "${STUB_PHASE:-Active}" "${STUB_HELM:-}" "${STUB_OWNER-hub}" ;;
  'get secret --selector owner=helm'*) printf '%s' "${STUB_RELEASES:-}" ;;
  'get secret'*go-template*)
    [ "${STUB_UNREADABLE:-}" != "$3" ] || { echo 'etcdserver: request timed out' >&2; exit 1; }
    [ -d "$STUB/secrets/$3" ] || exit 0
    for key in "$STUB/secrets/$3"/*; do printf '%s %s\n' "${key##*/}" "$(cat "$key")"; done ;;
  'get secret'*name) [ ! -d "$STUB/secrets/$3" ] || echo "secret/$3" ;;
  'get persistentvolumeclaim'*volumeName*) printf 'pv-1 pv-2' ;;
  'get persistentvolumeclaim'*) printf '%s' "${STUB_CLAIMS:-}" ;;
  'get persistentvolume pv-1'*) echo ebs.csi.aws.com ;;
  'get persistentvolume '*) ;;
  'get pod,persistentvolumeclaim'*) printf '%s' "${STUB_LEFT:-}" ;;
  'get customresourcedefinition'*) [ -z "${STUB_CRDS:-}" ] || echo "$3" ;;
  'get job --selector'*) [ ! -e "$STUB/released" ] || printf "job/%s\n" {etcd-auth,etcd-snapshot,migrations}-0a1b2c3d4e etcd-snapshot-28912345 backup-full-28912345 ;;
  'get job/'*)
    asked=$STUB/asked-${2#job/}
    # The script asks once before it applies a Job and once after it.
    if [ -n "${STUB_RUNNING:-}" ] && [ "$(wc -c 2> /dev/null < "$asked" || echo 0)" -lt 2 ]; then printf x >> "$asked"; printf '%s' "$STUB_RUNNING"
    elif [ -e "$STUB/failed-job" ]; then printf 'Failed active: failed:7'
    else printf 'Complete active: failed:'; fi ;;
  'get pods --selector'*) printf '%b' "${STUB_REASONS:-}" ;;
  'get pods') echo 'timescaledb-1 Pending' ;;
  logs*) echo 'the end of its log' ;;
  apply*--dry-run=server*)
    if grep -q '^  namespace: timescaledb$' "$file" && [ ! -e "$STUB/namespace" ]; then echo "namespaces not found" >&2; exit 1; fi
    if [ -n "${STUB_REFUSE:-}" ] && grep -q "$STUB_REFUSE" "$file"; then echo "refused" >&2; exit 1; fi ;;
  diff*) cmp -s "$file" "$STUB/applied/${file##*/}" ;;
  apply*) apply ;;
  'rollout status'*)
    change "wait $3"
    if [ "${STUB_HANG:-}" = "$3" ]; then touch "$STUB/hanging"; exec sleep 60; fi
    [ "${STUB_NOT_READY:-}" != "$3" ] ;;
  'rollout restart'*) change "restart $3" ;;
  wait*) change "$args" ;;
  'get statefulset --selector'*name) [ ! -e "$STUB/manifests" ] || echo statefulset.apps/etcd ;;
  'get statefulset timescaledb'*jsonpath*)
    [ ! -e "$STUB/applied/statefulset.yaml" ] || printf 'timescaledb %s' "$(cat "$STUB/storage" 2> /dev/null || true)" ;;
  'get statefulset timescaledb'*) [ ! -e "$STUB/applied/statefulset.yaml" ] || echo statefulset.apps/timescaledb ;;
  'annotate statefulset timescaledb'*) printf '%s' "${args##*storage=}" | cut -d' ' -f1 > "$STUB/storage" ;;
  # Local connections need a password as well: without one pgBackRest finds no primary.
  exec*stanza-create*)
    case $args in *PGPASSWORD=*pgbackrest*) ;; *) exit 56 ;; esac
    change stanza-create
    if [ -e "$STUB/busy" ]; then rm "$STUB/busy"; exit 50; fi
    exit "${STUB_STANZA:-0}" ;;
  'get statefulset --selector'*) printf '%s' "${STUB_INSTALLED:-}" ;;
  'get statefulset --all-namespaces'*) printf 'timescaledb\n%s' "${STUB_OTHERS:+$STUB_OTHERS$'\n'}" ;;
  exec*create_api_key*) echo 7 ;;
  exec*'UPDATE analytics.api_keys k SET max_'*) case $args in *'key_id = 7 '*) echo '20 requests/s' ;; esac ;;
  exec*'UPDATE analytics.api_keys'*) case $args in *'key_id = 7 '*) echo hub_abcdefgh ;; esac ;;
  exec*'FROM analytics.api_keys'*) echo '7 | checkout | deploy.sh | hub_abcdefgh | 2026-11-30 | 2027-11-30 | valid | none' ;;
  exec*pg_is_in_recovery*) case $args in *timescaledb-"${STUB_PRIMARY:-1}"*) echo f ;; *) echo t ;; esac ;;
  exec*'patronictl list --format json') printf '[{"Member": "timescaledb-1", "Role": "Leader"%s}]' "${STUB_PENDING:-}" ;;
  exec*system_health_check*) printf 'replication | %s | two standbys\n' "${STUB_HEALTH:-ok}" ;;
  delete*--dry-run=server*) ;;
  delete*) ! [[ $args == 'delete job/'* ]] || rm -f "$STUB/failed-job"; change "$args" ;;
  patch*) change "$args" ;;
  *) echo "the stub does not know: $args" >&2; exit 64 ;;
esac
