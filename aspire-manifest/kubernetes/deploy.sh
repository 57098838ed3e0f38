#!/usr/bin/env bash
# Installs Hub into a Kubernetes cluster from the manifests beside this script. It needs kubectl and openssl.
# Run again, it changes nothing that is as it should be: passwords, the CA and certificates that are still good are kept.
set -euo pipefail

# The facts of this cluster, by `hub publish`.
NAME=hub
NAMESPACE=timescaledb
NEEDS_NODES=3
NEEDS_CPU_MILLIS=16120
NEEDS_MEMORY_MIB=55168
DEFAULT_STORAGE=false
MEMBERS=(
  'timescaledb-1'
  'timescaledb-2'
  'timescaledb-3'
)
FILES=(
  'namespace.yaml'
  'storageclass.yaml'
  'priorityclass.yaml'
  'configmap.yaml'
  'init-scripts-configmap.yaml'
  'network-policy.yaml'
  'patroni-config.yaml'
  'services.yaml'
  'statefulset.yaml'
  'pgbouncer.yaml'
  'migrations-job.yaml'
  'ingest.yaml'
  'backup-cronjob.yaml'
  'monitoring.yaml'
)
PASSWORDS=(
  'SUPERUSER_PASSWORD'
  'REPLICATION_PASSWORD'
  'REWIND_PASSWORD'
  'OWNER_PASSWORD'
  'APP_PASSWORD'
  'READONLY_PASSWORD'
  'MONITOR_PASSWORD'
  'PGBOUNCER_PASSWORD'
  'PATRONI_PASSWORD'
  'ETCD_ROOT_PASSWORD'
  'ETCD_PATRONI_PASSWORD'
)
# Component and the names of its certificate; without names it gets the CA alone.
CERTIFICATES=(
  'etcd=DNS:etcd-1,DNS:etcd-1.dev.internal,DNS:etcd-2,DNS:etcd-2.dev.internal,DNS:etcd-3,DNS:etcd-3.dev.internal,DNS:etcd,DNS:etcd.dev.internal,DNS:etcd.timescaledb,DNS:etcd.timescaledb.svc,DNS:etcd.timescaledb.svc.cluster.local,DNS:*.etcd,DNS:*.etcd.timescaledb,DNS:*.etcd.timescaledb.svc,DNS:*.etcd.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'exporter=DNS:postgres-exporter-1,DNS:postgres-exporter-1.dev.internal,DNS:postgres-exporter-2,DNS:postgres-exporter-2.dev.internal,DNS:postgres-exporter-3,DNS:postgres-exporter-3.dev.internal,DNS:pgbouncer-exporter,DNS:pgbouncer-exporter.dev.internal,DNS:timescaledb-metrics,DNS:timescaledb-metrics.dev.internal,DNS:postgres-exporter-1.timescaledb,DNS:postgres-exporter-1.timescaledb.svc,DNS:postgres-exporter-1.timescaledb.svc.cluster.local,DNS:postgres-exporter-2.timescaledb,DNS:postgres-exporter-2.timescaledb.svc,DNS:postgres-exporter-2.timescaledb.svc.cluster.local,DNS:postgres-exporter-3.timescaledb,DNS:postgres-exporter-3.timescaledb.svc,DNS:postgres-exporter-3.timescaledb.svc.cluster.local,DNS:pgbouncer-exporter.timescaledb,DNS:pgbouncer-exporter.timescaledb.svc,DNS:pgbouncer-exporter.timescaledb.svc.cluster.local,DNS:timescaledb-metrics.timescaledb,DNS:timescaledb-metrics.timescaledb.svc,DNS:timescaledb-metrics.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'haproxy=DNS:haproxy,DNS:haproxy.dev.internal,DNS:pgbouncer,DNS:pgbouncer.dev.internal,DNS:haproxy.timescaledb,DNS:haproxy.timescaledb.svc,DNS:haproxy.timescaledb.svc.cluster.local,DNS:pgbouncer.timescaledb,DNS:pgbouncer.timescaledb.svc,DNS:pgbouncer.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'migrations=DNS:migrations,DNS:migrations.dev.internal,DNS:migrations.timescaledb,DNS:migrations.timescaledb.svc,DNS:migrations.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'pgbouncer=DNS:pgbouncer,DNS:pgbouncer.dev.internal,DNS:pgbouncer.timescaledb,DNS:pgbouncer.timescaledb.svc,DNS:pgbouncer.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'prometheus=DNS:prometheus,DNS:prometheus.dev.internal,DNS:prometheus.timescaledb,DNS:prometheus.timescaledb.svc,DNS:prometheus.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'timescaledb=DNS:timescaledb-1,DNS:timescaledb-1.dev.internal,DNS:timescaledb-2,DNS:timescaledb-2.dev.internal,DNS:timescaledb-3,DNS:timescaledb-3.dev.internal,DNS:timescaledb,DNS:timescaledb.dev.internal,DNS:timescaledb-primary,DNS:timescaledb-primary.dev.internal,DNS:timescaledb-replica,DNS:timescaledb-replica.dev.internal,DNS:timescaledb-any,DNS:timescaledb-any.dev.internal,DNS:timescaledb-external,DNS:timescaledb-external.dev.internal,DNS:timescaledb-metrics,DNS:timescaledb-metrics.dev.internal,DNS:haproxy,DNS:haproxy.dev.internal,DNS:timescaledb.timescaledb,DNS:timescaledb.timescaledb.svc,DNS:timescaledb.timescaledb.svc.cluster.local,DNS:timescaledb-primary.timescaledb,DNS:timescaledb-primary.timescaledb.svc,DNS:timescaledb-primary.timescaledb.svc.cluster.local,DNS:timescaledb-replica.timescaledb,DNS:timescaledb-replica.timescaledb.svc,DNS:timescaledb-replica.timescaledb.svc.cluster.local,DNS:timescaledb-any.timescaledb,DNS:timescaledb-any.timescaledb.svc,DNS:timescaledb-any.timescaledb.svc.cluster.local,DNS:timescaledb-external.timescaledb,DNS:timescaledb-external.timescaledb.svc,DNS:timescaledb-external.timescaledb.svc.cluster.local,DNS:timescaledb-metrics.timescaledb,DNS:timescaledb-metrics.timescaledb.svc,DNS:timescaledb-metrics.timescaledb.svc.cluster.local,DNS:haproxy.timescaledb,DNS:haproxy.timescaledb.svc,DNS:haproxy.timescaledb.svc.cluster.local,DNS:*.timescaledb,DNS:*.timescaledb.timescaledb,DNS:*.timescaledb.timescaledb.svc,DNS:*.timescaledb.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'ingest='
)

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
MANAGER=hub-deploy
CA_SECRET=hub-deploy-ca
RENEW_SECONDS=$((60 * 24 * 3600))
ASSUME_YES=false DRY_RUN=false SECRETS_ONLY=false CERT_MANAGER=false UNINSTALL=false DELETE_VOLUMES=false TIMEOUT=900
OPTIONAL=()

usage() {
  cat <<EOF
Usage: ${0##*/} [options]
  --yes                 do not ask before touching the cluster
  --dry-run             check everything against the cluster, change nothing
  --secrets-only        make namespace, passwords and certificates, nothing else (before kubectl apply -k or Helm)
  --cert-manager        certificates by cert-manager instead of openssl
  --with FILE           apply an optional file too (external-service.yaml, ingress.yaml, openshift-scc.yaml); may be repeated
  --timeout SECONDS     how long to wait for each part [$TIMEOUT]
  --uninstall           remove everything but the volumes and the passwords that open them
  --delete-volumes      with --uninstall: remove volumes, passwords and the namespace too; there is no way back
EOF
}

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$1" >&2; [ -z "${2:-}" ] || printf '  -> %s\n' "$2" >&2; exit 1; }

while [ $# -gt 0 ]; do
  case $1 in
    --yes) ASSUME_YES=true ;;
    --dry-run) DRY_RUN=true ;;
    --secrets-only) SECRETS_ONLY=true ;;
    --cert-manager) CERT_MANAGER=true ;;
    --with) [ $# -gt 1 ] || fail "--with needs a file"; OPTIONAL+=("$2"); shift ;;
    --timeout) [ $# -gt 1 ] || fail "--timeout needs seconds"; TIMEOUT=$2; shift ;;
    --uninstall) UNINSTALL=true ;;
    --delete-volumes) DELETE_VOLUMES=true ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; fail "unknown option $1" ;;
  esac
  shift
done
case $TIMEOUT in '' | *[!0-9]*) fail "--timeout $TIMEOUT is no number of seconds" ;; esac
if $DELETE_VOLUMES && ! $UNINSTALL; then fail "--delete-volumes needs --uninstall"; fi

kube() { kubectl --namespace "$NAMESPACE" "$@"; }

# ---- before anything is touched

require_programs() {
  local program
  for program in kubectl openssl; do
    command -v "$program" > /dev/null || fail "$program is not on the PATH" "Install it and run this again."
  done
  for file in "${FILES[@]}" "${OPTIONAL[@]+"${OPTIONAL[@]}"}"; do
    [ -f "$HERE/$file" ] || fail "$HERE/$file is missing" "Publish the manifests anew: ./hub publish"
  done
}

require_cluster() {
  local version major minor
  CONTEXT=$(kubectl config current-context 2> /dev/null) || fail "kubectl has no current context" "kubectl config use-context NAME"
  version=$(kubectl get --raw /version 2> /dev/null) || fail "the cluster of context $CONTEXT does not answer"
  major=$(printf '%s' "$version" | sed -n 's/.*"major": *"\([0-9]*\).*/\1/p')
  minor=$(printf '%s' "$version" | sed -n 's/.*"minor": *"\([0-9]*\).*/\1/p')
  SERVER="$major.$minor"
  if [ "${major:-0}" -lt 1 ] || { [ "$major" -eq 1 ] && [ "${minor:-0}" -lt 28 ]; }; then
    fail "the cluster runs Kubernetes $SERVER" "Hub needs 1.28 or later."
  fi
}

require_storage() {
  $DEFAULT_STORAGE || return 0
  local classes
  classes=$(kubectl get storageclass --output 'jsonpath={range .items[*]}{.metadata.annotations.storageclass\.kubernetes\.io/is-default-class}{"\n"}{end}')
  case $classes in
    *true*) ;;
    *) fail "the cluster has no default storage class" "Publish for a cloud (./hub publish --cloud aws), or mark a class as the default." ;;
  esac
}

# Allocatable CPU and memory of the nodes that take pods, against what the pods ask for at the smallest scale.
require_room() {
  local room
  room=$(kubectl get nodes --output 'jsonpath={range .items[*]}{.spec.unschedulable}|{.status.allocatable.cpu}|{.status.allocatable.memory}{"\n"}{end}' | awk -F'|' '
    function cpu(v) { return v ~ /m$/ ? substr(v, 1, length(v) - 1) + 0 : v * 1000 }
    function mib(v) {
      if (v ~ /Ki$/) return v / 1024
      if (v ~ /Mi$/) return v + 0
      if (v ~ /Gi$/) return v * 1024
      return v / 1048576
    }
    NF == 3 && $1 != "true" { nodes++; c += cpu($2); m += mib($3) }
    END { printf "%d %d %d", nodes, c, m }')
  read -r NODES CPU_MILLIS MEMORY_MIB <<< "$room"
  [ "$NODES" -ge "$NEEDS_NODES" ] || fail "the cluster has $NODES nodes that take pods" "This size needs $NEEDS_NODES: members of a quorum never share a node. Try --size dev on a small cluster."
  [ "$CPU_MILLIS" -ge "$NEEDS_CPU_MILLIS" ] || fail "the cluster has ${CPU_MILLIS}m of CPU" "The pods of this size ask for ${NEEDS_CPU_MILLIS}m."
  [ "$MEMORY_MIB" -ge "$NEEDS_MEMORY_MIB" ] || fail "the cluster has ${MEMORY_MIB} MiB of memory" "The pods of this size ask for $NEEDS_MEMORY_MIB MiB."
}

require_namespace() {
  local owner helm
  NAMESPACE_EXISTS=false
  kubectl get namespace "$NAMESPACE" > /dev/null 2>&1 || return 0
  NAMESPACE_EXISTS=true
  helm=$(kubectl get namespace "$NAMESPACE" --output 'jsonpath={.metadata.annotations.meta\.helm\.sh/release-name}')
  [ -z "$helm" ] || fail "namespace $NAMESPACE belongs to Helm release $helm" "Upgrade that release, or publish for another namespace."
  owner=$(kubectl get namespace "$NAMESPACE" --output 'jsonpath={.metadata.labels.app\.kubernetes\.io/instance}')
  case $owner in
    "${NAME:?}" | '') ;;
    *) fail "namespace $NAMESPACE belongs to $owner" "Publish for another namespace." ;;
  esac
}

# What the cluster cannot take is left out, and said.
choose_files() {
  CHOSEN=()
  local file
  for file in "${FILES[@]}" "${OPTIONAL[@]+"${OPTIONAL[@]}"}"; do
    if [ "$file" = monitoring.yaml ] && ! kubectl get crd servicemonitors.monitoring.coreos.com podmonitors.monitoring.coreos.com prometheusrules.monitoring.coreos.com > /dev/null 2>&1; then
      say "monitoring.yaml is left out: the cluster has no prometheus-operator."
      continue
    fi
    CHOSEN+=("$file")
  done
}

confirm() {
  $ASSUME_YES && return 0
  [ -t 0 ] || fail "nobody is there to ask" "Run it with --yes."
  local answer
  read -r -p "$1 [y/N] " answer
  case $answer in y | Y | yes) ;; *) fail "stopped, nothing was changed" ;; esac
}

# Every object, checked by the server: before the namespace exists, as if it were in "default".
dry_run() {
  step "Checking every object at the server"
  local file
  for file in "${CHOSEN[@]}"; do
    if $NAMESPACE_EXISTS; then
      kubectl apply --server-side --dry-run=server --field-manager="$MANAGER" --filename "$HERE/$file" > /dev/null || fail "$file is not accepted, nothing was changed"
    else
      sed "s/^  namespace: $NAMESPACE\$/  namespace: default/" "$HERE/$file" |
        kubectl apply --server-side --dry-run=server --field-manager="$MANAGER" --filename - > /dev/null || fail "$file is not accepted, nothing was changed"
    fi
    say "  $file"
  done
}

# ---- secrets

WORK=
make_work() { WORK=$(mktemp -d); chmod 700 "$WORK"; trap 'rm -rf "$WORK"' EXIT; }
secret_value() { kube get secret "$1" --output "jsonpath={.data.${2//./\\.}}" 2> /dev/null || true; }
decode() { openssl base64 -d -A; }
encode() { openssl base64 -A < "$1"; }

# put_secret NAME FILE...: a Secret whose keys are the files' names.
put_secret() {
  local name=$1 file
  shift
  {
    printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: %s\n  labels:\n    app.kubernetes.io/instance: %s\ntype: Opaque\ndata:\n' "$name" "$NAMESPACE" "$NAME"
    for file in "$@"; do printf '  %s: %s\n' "${file##*/}" "$(encode "$file")"; done
  } > "$WORK/secret.yaml"
  kubectl apply --server-side --field-manager="$MANAGER" --force-conflicts --filename "$WORK/secret.yaml" > /dev/null
}

make_passwords() {
  step "Passwords"
  local key value changed=false directory=$WORK/credentials
  mkdir -p "$directory"
  for key in "${PASSWORDS[@]}"; do
    value=$(secret_value timescaledb-credentials "$key")
    if [ -n "$value" ]; then
      printf '%s' "$value" | decode > "$directory/$key"
    else
      openssl rand -hex 24 | tr -d '\n' > "$directory/$key"
      changed=true
      say "  made $key"
    fi
  done
  if $changed; then put_secret timescaledb-credentials "$directory"/*; else say "  all there"; fi
  if $changed || [ -z "$(secret_value pgbouncer-userlist userlist.txt)" ]; then
    mkdir -p "$WORK/userlist"
    printf '"pgbouncer" "%s"\n"monitor" "%s"\n' "$(cat "$directory/PGBOUNCER_PASSWORD")" "$(cat "$directory/MONITOR_PASSWORD")" > "$WORK/userlist/userlist.txt"
    put_secret pgbouncer-userlist "$WORK/userlist/userlist.txt"
  fi
}

new_key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt > "$1"; }

make_authority() {
  CA=$WORK/ca
  mkdir -p "$CA"
  if [ -n "$(secret_value "$CA_SECRET" ca.key)" ]; then
    secret_value "$CA_SECRET" ca.crt | decode > "$CA/ca.crt"
    secret_value "$CA_SECRET" ca.key | decode > "$CA/ca.key"
  else
    new_key "$CA/ca.key"
    printf '[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' > "$WORK/ca.cnf"
    openssl req -x509 -new -sha256 -key "$CA/ca.key" -subj "/CN=$NAME CA" -days 3650 -config "$WORK/ca.cnf" -extensions ca -out "$CA/ca.crt"
    put_secret "$CA_SECRET" "$CA/ca.crt" "$CA/ca.key"
    say "  made the CA"
  fi
  say "  CA until $(openssl x509 -in "$CA/ca.crt" -noout -enddate | cut -d= -f2)"
}

# Still good: issued by this CA for these names, and not close to its end.
is_current() {
  local certificate=$1 present name names
  openssl verify -CAfile "$CA/ca.crt" "$certificate" > /dev/null 2>&1 || return 1
  openssl x509 -in "$certificate" -noout -checkend "$RENEW_SECONDS" > /dev/null || return 1
  present=$'\n'$(openssl x509 -in "$certificate" -noout -text | tr -d ' ' | tr ',' '\n')$'\n'
  IFS=, read -r -a names <<< "$2"
  for name in "${names[@]}"; do
    case $name in
      IP:*) case $(openssl x509 -in "$certificate" -noout -checkip "${name#IP:}") in *'does match'*) ;; *) return 1 ;; esac ;;
      *) case $present in *$'\n'"$name"$'\n'*) ;; *) return 1 ;; esac ;;
    esac
  done
}

make_certificates() {
  step "Certificates"
  make_authority
  local entry component names directory
  for entry in "${CERTIFICATES[@]}"; do
    component=${entry%%=*} names=${entry#*=} directory=$WORK/tls-$component
    mkdir -p "$directory"
    cp "$CA/ca.crt" "$directory/ca.crt"
    secret_value "$component-tls" tls.crt | decode > "$directory/tls.crt"
    if [ -z "$names" ]; then
      [ "$(secret_value "$component-tls" ca.crt)" = "$(encode "$CA/ca.crt")" ] || put_secret "$component-tls" "$directory/ca.crt"
      continue
    fi
    if ! { [ -s "$directory/tls.crt" ] && is_current "$directory/tls.crt" "$names"; }; then
      new_key "$directory/tls.key"
      # No common name: etcd's gateway refuses clients that have one, once authentication is on.
      openssl req -new -key "$directory/tls.key" -subj "/O=Hub/OU=$component" -out "$WORK/request.csr"
      printf 'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth,clientAuth\nsubjectAltName=%s\n' "$names" > "$WORK/leaf.ext"
      openssl x509 -req -sha256 -in "$WORK/request.csr" -CA "$CA/ca.crt" -CAkey "$CA/ca.key" -set_serial "0x$(openssl rand -hex 16)" -days 365 -extfile "$WORK/leaf.ext" -out "$directory/tls.crt" 2> /dev/null
      put_secret "$component-tls" "$directory/ca.crt" "$directory/tls.crt" "$directory/tls.key"
      say "  made $component"
    fi
    say "  $component until $(openssl x509 -in "$directory/tls.crt" -noout -enddate | cut -d= -f2)"
  done
}

# ---- applying

apply() { kubectl apply --server-side --field-manager="$MANAGER" --force-conflicts --filename "$HERE/$1"; }

wait_rollout() { kube rollout status "$1" --timeout "${TIMEOUT}s" || fail "$1 is not ready after $TIMEOUT s" "kubectl -n $NAMESPACE describe $1; kubectl -n $NAMESPACE get pods"; }

wait_job() {
  local waited=0 state last=
  while :; do
    state=$(kube get "$1" --output 'jsonpath={.status.conditions[?(@.status=="True")].type} active:{.status.active} failed:{.status.failed}')
    case $state in
      *Complete*) say "  $1 complete"; return 0 ;;
      *Failed*) kube logs "$1" --tail 20 >&2 || true; fail "$1 failed" "kubectl -n $NAMESPACE logs $1" ;;
    esac
    [ "$state" = "$last" ] || say "  $1: $state (${waited} s)"
    last=$state
    [ "$waited" -lt "$TIMEOUT" ] || fail "$1 has not ended after $TIMEOUT s" "kubectl -n $NAMESPACE logs $1"
    sleep 3
    waited=$((waited + 3))
  done
}

jobs_of() { sed -n '/^kind: Job$/,/^spec:/s/^  name: //p' "$HERE/$1"; }

install() {
  local file job
  for file in "${CHOSEN[@]}"; do
    step "$file"
    apply "$file"
    case $file in
      patroni-config.yaml) wait_rollout statefulset/etcd ;;
      statefulset.yaml) wait_rollout statefulset/timescaledb ;;
      pgbouncer.yaml) wait_rollout deployment/gateway ;;
      ingest.yaml) wait_rollout deployment/ingest ;;
    esac
    for job in $(jobs_of "$file"); do wait_job "job/$job"; done
  done
}

# SQL on a member, as the superuser, through the socket in its pod.
sql() {
  # shellcheck disable=SC2016 # the password is a variable of the pod
  kube exec "$1" --container timescaledb -- sh -c 'PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD exec psql -h /var/run/postgresql -U postgres -d llm_analytics -qAt -F " | " -c "$1"' sh "$2"
}

verify() {
  step "Verifying"
  local member health
  for member in "${MEMBERS[@]}"; do
    [ "$(sql "$member" 'SELECT pg_is_in_recovery()' 2> /dev/null || true)" = f ] || continue
    say "  $member is the primary"
    health=$(sql "$member" 'SELECT check_name, status, detail FROM analytics.system_health_check()')
    printf '%s\n' "$health" | sed 's/^/  /'
    case $health in *'| critical |'*) fail "the health check is critical" ;; esac
    return 0
  done
  fail "no member is the primary" "kubectl -n $NAMESPACE exec ${MEMBERS[0]} -c timescaledb -- patronictl list"
}

connection() {
  cat <<EOF

Hub is installed in namespace $NAMESPACE.
  telemetry   ingest.$NAMESPACE:4317 (OTLP/gRPC), :4318 (OTLP/HTTP); REST on :8080
  pooled SQL  pgbouncer.$NAMESPACE:6432, database llm_analytics, TLS
  SQL         timescaledb-primary.$NAMESPACE:5432, timescaledb-replica.$NAMESPACE:5432
Clients need the label analytics-hub/telemetry=true or analytics-hub/sql=true, on the pod or on its namespace.
  password of llm_app:  kubectl -n $NAMESPACE get secret timescaledb-credentials -o jsonpath='{.data.APP_PASSWORD}' | base64 -d
  CA certificate:       kubectl -n $NAMESPACE get secret ingest-tls -o jsonpath='{.data.ca\\.crt}' | base64 -d
EOF
}

uninstall() {
  local selector=app.kubernetes.io/instance=$NAME crd entry
  $NAMESPACE_EXISTS || fail "namespace $NAMESPACE is not there"
  if $DELETE_VOLUMES; then
    confirm "Remove Hub from context $CONTEXT, namespace $NAMESPACE, WITH ALL ITS DATA?"
  else
    confirm "Remove Hub from context $CONTEXT, namespace $NAMESPACE? Volumes and passwords stay."
  fi
  step "Removing"
  for crd in servicemonitors podmonitors prometheusrules; do
    kubectl get crd "$crd.monitoring.coreos.com" > /dev/null 2>&1 && kube delete "$crd.monitoring.coreos.com" --selector "$selector" --ignore-not-found
  done
  for crd in certificates issuers; do
    kubectl get crd "$crd.cert-manager.io" > /dev/null 2>&1 && kube delete "$crd.cert-manager.io" --selector "$selector" --ignore-not-found
  done
  kube delete ingress,horizontalpodautoscaler,cronjob,job,deployment,statefulset,poddisruptionbudget,service,configmap,networkpolicy,rolebinding --selector "$selector" --ignore-not-found
  kube wait pod --for=delete --selector "$selector" --timeout "${TIMEOUT}s" || fail "pods are still there after $TIMEOUT s" "kubectl -n $NAMESPACE get pods"
  kube delete serviceaccount,resourcequota,limitrange --selector "$selector" --ignore-not-found
  for entry in "${CERTIFICATES[@]}"; do kube delete secret "${entry%%=*}-tls" --ignore-not-found; done
  kube delete secret pgbouncer-userlist "$CA_SECRET" --ignore-not-found
  kubectl delete priorityclass,storageclass --selector "$selector" --ignore-not-found
  if $DELETE_VOLUMES; then
    kube delete persistentvolumeclaim --selector "$selector" --ignore-not-found
    kubectl delete namespace "$NAMESPACE" --ignore-not-found
    say "Disks of classes that retain them are still there: kubectl get persistentvolume"
  else
    say "Left: the volumes, and Secret timescaledb-credentials with the passwords that open them."
  fi
}

require_programs
require_cluster
require_namespace
if $UNINSTALL; then
  uninstall
  exit 0
fi
require_storage
require_room
choose_files
step "Context $CONTEXT, Kubernetes $SERVER, namespace $NAMESPACE, $NODES nodes"
dry_run
if $DRY_RUN; then
  say "Everything would be accepted; nothing was changed."
  exit 0
fi
confirm "Install or update Hub there?"
make_work
step "namespace.yaml"
apply namespace.yaml
make_passwords
if $CERT_MANAGER; then
  step "cert-manager.yaml"
  apply cert-manager.yaml
  kube wait certificate --all --for=condition=Ready --timeout "${TIMEOUT}s" || fail "certificates are not ready" "kubectl -n $NAMESPACE get certificate"
else
  make_certificates
fi
if $SECRETS_ONLY; then
  say "The Secrets are there."
  exit 0
fi
install
verify
connection
