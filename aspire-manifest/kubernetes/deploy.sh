#!/usr/bin/env bash
# Installs Hub into a Kubernetes cluster from the manifests beside this script. It needs kubectl and openssl.
# Run again, it changes nothing that is as it should be: passwords, the CA and certificates that are still good are kept.
set -euo pipefail
umask 077 # passwords and keys pass through files in a directory of our own, never through an argument of a program

# The facts of this cluster, by `hub publish`.
NAME=hub
NAMESPACE=timescaledb
# The registry of images that were published without one; it does not exist.
NO_REGISTRY=registry.invalid/hub/
# What its pods ask for at the smallest scale, and who makes its volumes ('' is the cluster's default storage class).
NEEDS_NODES=3
NEEDS_CPU_MILLIS=16150
NEEDS_MEMORY_MIB=55264
PROVISIONER='ebs.csi.aws.com'
MEMBERS=(
  'timescaledb-1'
  'timescaledb-2'
  'timescaledb-3'
)
# Each file and what is waited for once it is applied.
FILES=(
  'namespace.yaml'
  'storageclass.yaml'
  'priorityclass.yaml'
  'configmap.yaml'
  'init-scripts-configmap.yaml'
  'network-policy.yaml'
  'patroni-config.yaml statefulset/etcd job/etcd-auth-068c9cc729'
  'services.yaml'
  'statefulset.yaml statefulset/timescaledb'
  'pgbouncer.yaml deployment/gateway'
  'migrations-job.yaml job/migrations-46f0c5e528'
  'ingest.yaml deployment/ingest'
  'backup-cronjob.yaml job/etcd-snapshot-657d4e6d03'
  'monitoring.yaml'
  'grafana-dashboards.yaml'
)
OPTIONAL_FILES=(
  'scrape-annotations.yaml'
  'external-service.yaml'
  'ingress.yaml'
  'openshift-scc.yaml'
)
# The kinds that Kubernetes itself does not have, by file.
DEFINITIONS=(
  'monitoring.yaml servicemonitors.monitoring.coreos.com podmonitors.monitoring.coreos.com prometheusrules.monitoring.coreos.com alertmanagerconfigs.monitoring.coreos.com'
  'cert-manager.yaml issuers.cert-manager.io certificates.cert-manager.io'
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
  'BACKUP_CIPHER_PASS'
)
# Component and the names of its certificate; without names it gets the CA alone.
CERTIFICATES=(
  'backup=DNS:backup,DNS:backup.dev.internal,DNS:backup.timescaledb,DNS:backup.timescaledb.svc,DNS:backup.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'etcd=DNS:etcd-1,DNS:etcd-1.dev.internal,DNS:etcd-2,DNS:etcd-2.dev.internal,DNS:etcd-3,DNS:etcd-3.dev.internal,DNS:etcd,DNS:etcd.dev.internal,DNS:etcd.timescaledb,DNS:etcd.timescaledb.svc,DNS:etcd.timescaledb.svc.cluster.local,DNS:*.etcd,DNS:*.etcd.timescaledb,DNS:*.etcd.timescaledb.svc,DNS:*.etcd.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'exporter=DNS:postgres-exporter-1,DNS:postgres-exporter-1.dev.internal,DNS:postgres-exporter-2,DNS:postgres-exporter-2.dev.internal,DNS:postgres-exporter-3,DNS:postgres-exporter-3.dev.internal,DNS:pgbouncer-exporter,DNS:pgbouncer-exporter.dev.internal,DNS:timescaledb-metrics,DNS:timescaledb-metrics.dev.internal,DNS:postgres-exporter-1.timescaledb,DNS:postgres-exporter-1.timescaledb.svc,DNS:postgres-exporter-1.timescaledb.svc.cluster.local,DNS:postgres-exporter-2.timescaledb,DNS:postgres-exporter-2.timescaledb.svc,DNS:postgres-exporter-2.timescaledb.svc.cluster.local,DNS:postgres-exporter-3.timescaledb,DNS:postgres-exporter-3.timescaledb.svc,DNS:postgres-exporter-3.timescaledb.svc.cluster.local,DNS:pgbouncer-exporter.timescaledb,DNS:pgbouncer-exporter.timescaledb.svc,DNS:pgbouncer-exporter.timescaledb.svc.cluster.local,DNS:timescaledb-metrics.timescaledb,DNS:timescaledb-metrics.timescaledb.svc,DNS:timescaledb-metrics.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'haproxy=DNS:haproxy,DNS:haproxy.dev.internal,DNS:pgbouncer,DNS:pgbouncer.dev.internal,DNS:haproxy.timescaledb,DNS:haproxy.timescaledb.svc,DNS:haproxy.timescaledb.svc.cluster.local,DNS:pgbouncer.timescaledb,DNS:pgbouncer.timescaledb.svc,DNS:pgbouncer.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'migrations=DNS:migrations,DNS:migrations.dev.internal,DNS:migrations.timescaledb,DNS:migrations.timescaledb.svc,DNS:migrations.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'pgbouncer=DNS:pgbouncer,DNS:pgbouncer.dev.internal,DNS:pgbouncer.timescaledb,DNS:pgbouncer.timescaledb.svc,DNS:pgbouncer.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'prometheus=DNS:prometheus,DNS:prometheus.dev.internal,DNS:prometheus.timescaledb,DNS:prometheus.timescaledb.svc,DNS:prometheus.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'timescaledb=DNS:timescaledb-1,DNS:timescaledb-1.dev.internal,DNS:timescaledb-2,DNS:timescaledb-2.dev.internal,DNS:timescaledb-3,DNS:timescaledb-3.dev.internal,DNS:timescaledb,DNS:timescaledb.dev.internal,DNS:timescaledb-primary,DNS:timescaledb-primary.dev.internal,DNS:timescaledb-replica,DNS:timescaledb-replica.dev.internal,DNS:timescaledb-any,DNS:timescaledb-any.dev.internal,DNS:timescaledb-external,DNS:timescaledb-external.dev.internal,DNS:timescaledb-metrics,DNS:timescaledb-metrics.dev.internal,DNS:haproxy,DNS:haproxy.dev.internal,DNS:backup-server-1,DNS:backup-server-1.dev.internal,DNS:backup-server-2,DNS:backup-server-2.dev.internal,DNS:backup-server-3,DNS:backup-server-3.dev.internal,DNS:timescaledb.timescaledb,DNS:timescaledb.timescaledb.svc,DNS:timescaledb.timescaledb.svc.cluster.local,DNS:timescaledb-primary.timescaledb,DNS:timescaledb-primary.timescaledb.svc,DNS:timescaledb-primary.timescaledb.svc.cluster.local,DNS:timescaledb-replica.timescaledb,DNS:timescaledb-replica.timescaledb.svc,DNS:timescaledb-replica.timescaledb.svc.cluster.local,DNS:timescaledb-any.timescaledb,DNS:timescaledb-any.timescaledb.svc,DNS:timescaledb-any.timescaledb.svc.cluster.local,DNS:timescaledb-external.timescaledb,DNS:timescaledb-external.timescaledb.svc,DNS:timescaledb-external.timescaledb.svc.cluster.local,DNS:timescaledb-metrics.timescaledb,DNS:timescaledb-metrics.timescaledb.svc,DNS:timescaledb-metrics.timescaledb.svc.cluster.local,DNS:haproxy.timescaledb,DNS:haproxy.timescaledb.svc,DNS:haproxy.timescaledb.svc.cluster.local,DNS:backup-server-1.timescaledb,DNS:backup-server-1.timescaledb.svc,DNS:backup-server-1.timescaledb.svc.cluster.local,DNS:backup-server-2.timescaledb,DNS:backup-server-2.timescaledb.svc,DNS:backup-server-2.timescaledb.svc.cluster.local,DNS:backup-server-3.timescaledb,DNS:backup-server-3.timescaledb.svc,DNS:backup-server-3.timescaledb.svc.cluster.local,DNS:*.timescaledb,DNS:*.timescaledb.timescaledb,DNS:*.timescaledb.timescaledb.svc,DNS:*.timescaledb.timescaledb.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:::1'
  'ingest='
)
# Those of them that need a common name; the others must not have one.
COMMON_NAMES=(
  'backup'
)
# Whether backups go to a bucket that is named here: required, optional or unused.
BUCKET=required
# The certificates and the place of backups that each workload reads when it starts.
MOUNTS=(
  'statefulset/etcd etcd-tls'
  'statefulset/timescaledb timescaledb-tls exporter-tls backup-s3'
  'deployment/gateway haproxy-tls pgbouncer-tls exporter-tls'
  'deployment/ingest ingest-tls'
)

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SELECTOR=app.kubernetes.io/instance=$NAME
CREDENTIALS=timescaledb-credentials USER_LIST=pgbouncer-userlist CA_SECRET=hub-deploy-ca S3_SECRET_NAME=backup-s3
RENEW_SECONDS=$((60 * 24 * 3600))
CONTEXT='' ASSUME_YES=false DRY_RUN=false SECRETS_ONLY=false CERT_MANAGER=false UNINSTALL=false DELETE_VOLUMES=false TIMEOUT=900 PROJECT='' CHART=''
KEY_DAYS=365 LIST_KEYS=false REVOKE_KEY='' LIMIT_KEY='' LIMITS=''
S3_BUCKET='' S3_ENDPOINT='' S3_REGION='' S3_KEY='' S3_SECRET='' S3_CA='' S3_PATH_STYLE=false
OPTIONAL=() VALUES=() RENEWED='' WORK='' CHANGES=0 BUCKET_CHANGED=false NEW_STORAGE=false STORAGE=none STARTED_WITH=''

usage() {
  cat << EOF
Usage: ${0##*/} [options]
  --yes                 do not ask before touching the cluster
  --dry-run             check everything against the cluster, change nothing
  --context NAME        of the kubeconfig [the current one]
  --timeout SECONDS     how long to wait for each part [$TIMEOUT]
  --with FILE           apply an optional file too (${OPTIONAL_FILES[*]}); may be repeated
  --helm CHART          install the chart with helm (release $NAME) instead of the manifests, with the same checks and waits
  --values FILE, --set KEY=VALUE
                        of the chart, as helm takes them; may be repeated
  --secrets-only        make the namespace, passwords and certificates, nothing else (for kubectl apply -k or Helm)
  --cert-manager        certificates by cert-manager instead of openssl
  --api-key PROJECT     make an API key for a project of the Hub that runs there, print it (it cannot be shown again), nothing else
  --key-days DAYS       with --api-key: how long the key is good, or "never" [$KEY_DAYS]
  --list-keys           show the API keys of the Hub that runs there, nothing else
  --revoke-key NUMBER   refuse a key of that list from now on, nothing else
  --limit-key NUMBER    set limits of a key of that list, nothing else, with one or more of:
  --requests-per-second N, --bytes-per-second N, --calls-per-day N
                        a number, or "none" to remove the limit; a limit that is not named stays as it is
  --s3-bucket NAME, --s3-region NAME, --s3-endpoint HOST [s3.REGION.amazonaws.com], --s3-key ID, --s3-secret SECRET
                        keep the backup repository's settings in Secret $S3_SECRET_NAME; HUB_S3_KEY and HUB_S3_SECRET in the
                        environment do the same without showing them to whoever lists processes
  --s3-path-style, --s3-ca FILE
                        as MinIO and others need it: the bucket in the path, and the authority that signed the storage's certificate
  --uninstall           remove everything but the volumes and the passwords that open them
  --delete-volumes      with --uninstall: remove volumes, passwords and the namespace too; there is no way back
The namespace ($NAMESPACE) is part of the manifests: ./hub publish --namespace NAME changes it.
EOF
}

say() { printf '%s\n' "$*"; }
step() { printf '\n== %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$1" >&2; [ -z "${2:-}" ] || printf '  -> %s\n' "$2" >&2; exit 1; }
# The context is named in every call: somebody who switches it meanwhile in another window does not send us elsewhere.
kc() { kubectl --context "$CONTEXT" "$@"; }
kube() { kc --namespace "$NAMESPACE" "$@"; }
contains() { local item wanted=$1; shift; for item in "$@"; do [ "$item" != "$wanted" ] || return 0; done; return 1; }

# As one assignment of SQL; the table checks the range.
add_limit() {
  local column=max_${1#--} value=$2
  case $value in
    none) value=NULL ;;
    '' | . | *[!0-9.]* | *.*.*) fail "$1 $value is no number, and not \"none\"" ;;
    *.*) [ "$1" = --requests-per-second ] || fail "$1 $value is no whole number" ;;
  esac
  LIMITS+="${LIMITS:+, }${column//-/_} = $value"
}

parse_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --s3-path-style) ;;
      --context | --timeout | --with | --helm | --values | --set | --api-key | --key-days | --revoke-key | --limit-key | --*-per-second | --calls-per-day | --s3-*) [ -n "${2:-}" ] || fail "$1 needs a value" "${0##*/} --help" ;;
    esac
    case $1 in
      --yes) ASSUME_YES=true ;;
      --dry-run) DRY_RUN=true ;;
      --secrets-only) SECRETS_ONLY=true ;;
      --cert-manager) CERT_MANAGER=true ;;
      --api-key) PROJECT=$2; shift ;;
      --key-days) KEY_DAYS=$2; shift ;;
      --list-keys) LIST_KEYS=true ;;
      --revoke-key) REVOKE_KEY=$2; shift ;;
      --limit-key) LIMIT_KEY=$2; shift ;;
      --requests-per-second | --bytes-per-second | --calls-per-day) add_limit "$1" "$2"; shift ;;
      --uninstall) UNINSTALL=true ;;
      --delete-volumes) DELETE_VOLUMES=true ;;
      --context) CONTEXT=$2; shift ;;
      --timeout) TIMEOUT=$2; shift ;;
      --with) OPTIONAL+=("$2"); shift ;;
      --helm) CHART=$2; shift ;;
      --values | --set) VALUES+=("$1" "$2"); shift ;;
      --s3-bucket) S3_BUCKET=$2; shift ;;
      --s3-endpoint) S3_ENDPOINT=$2; shift ;;
      --s3-region) S3_REGION=$2; shift ;;
      --s3-key) S3_KEY=$2; shift ;;
      --s3-secret) S3_SECRET=$2; shift ;;
      --s3-path-style) S3_PATH_STYLE=true ;;
      --s3-ca) S3_CA=$2; shift ;;
      -h | --help) usage; exit 0 ;;
      *) fail "unknown option $1" "${0##*/} --help" ;;
    esac
    shift
  done
  case $TIMEOUT in *[!0-9]*) fail "--timeout $TIMEOUT is no number of seconds" ;; esac
  case $PROJECT in *[!A-Za-z0-9._-]*) fail "project $PROJECT has a character that is no letter, digit, dot, dash or underscore" ;; esac
  case $KEY_DAYS in never) ;; '' | 0* | *[!0-9]*) fail "--key-days $KEY_DAYS is no number of days, and not \"never\"" ;; esac
  case $REVOKE_KEY in *[!0-9]*) fail "--revoke-key $REVOKE_KEY is no number of a key" "--list-keys shows them." ;; esac
  case $LIMIT_KEY in *[!0-9]*) fail "--limit-key $LIMIT_KEY is no number of a key" "--list-keys shows them." ;; esac
  if [ -n "$LIMIT_KEY" ] && [ -z "$LIMITS" ]; then fail "--limit-key needs a limit" "${0##*/} --help"; fi
  if [ -z "$LIMIT_KEY" ] && [ -n "$LIMITS" ]; then fail "limits need --limit-key"; fi
  if $DELETE_VOLUMES && ! $UNINSTALL; then fail "--delete-volumes needs --uninstall"; fi
  if [ -z "$CHART" ] && [ ${#VALUES[@]} -gt 0 ]; then fail "--values and --set need --helm"; fi
  if [ -n "$CHART" ] && $UNINSTALL; then fail "a release is removed by helm" "helm uninstall $NAME --namespace $NAMESPACE; the volumes and the Secrets stay."; fi
  if [ -n "$CHART" ] && [ ${#OPTIONAL[@]} -gt 0 ]; then fail "--with is for the manifests" "With the chart: --set external.enabled=true and others (values.yaml)."; fi
  local file missing=''
  for file in ${OPTIONAL[@]+"${OPTIONAL[@]}"}; do
    contains "$file" "${OPTIONAL_FILES[@]}" || fail "$file is no optional file" "There are: ${OPTIONAL_FILES[*]}"
  done
  [ -n "$S3_BUCKET$S3_ENDPOINT$S3_REGION$S3_KEY$S3_SECRET$S3_CA" ] || return 0
  [ -z "$S3_CA" ] || [ -r "$S3_CA" ] || fail "--s3-ca $S3_CA cannot be read"
  S3_KEY=${S3_KEY:-${HUB_S3_KEY:-}} S3_SECRET=${S3_SECRET:-${HUB_S3_SECRET:-}}
  [ -n "$S3_BUCKET" ] || missing+=' --s3-bucket'
  [ -n "$S3_REGION" ] || missing+=' --s3-region'
  [ -n "$S3_KEY" ] || missing+=' --s3-key (or HUB_S3_KEY)'
  [ -n "$S3_SECRET" ] || missing+=' --s3-secret (or HUB_S3_SECRET)'
  [ -z "$missing" ] || fail "the S3 settings lack$missing" "Give all of them or none."
}

# ---- before anything is touched

require_programs() {
  local program version minor entry
  for program in kubectl openssl; do
    command -v "$program" > /dev/null || fail "$program is not on the PATH" "Install it and run this again."
  done
  version=$(kubectl version --client 2> /dev/null | sed -n 's/^Client Version: v\([0-9.]*\).*/\1/p')
  minor=${version#*.} minor=${minor%%.*}
  [ "${minor:-0}" -ge 27 ] || fail "kubectl ${version:-(older than 1.27)} is too old" "Install 1.27 or later: https://kubernetes.io/docs/tasks/tools/"
  case $(openssl version) in
    'OpenSSL 0.'* | 'OpenSSL 1.0.'*) fail "$(openssl version) is too old" "Install OpenSSL 1.1.1 or later." ;;
  esac
  say "kubectl $version, $(openssl version)"
  for entry in "${FILES[@]}" ${OPTIONAL[@]+"${OPTIONAL[@]}"}; do
    [ -f "$HERE/${entry%% *}" ] || fail "$HERE/${entry%% *} is missing" "Publish the manifests anew: ./hub publish"
  done
}

# Hub's own images are in no public registry: without a name for theirs, pods would wait for images that nobody has.
require_images() { # FILE...
  ! grep -qs "image: [\"']\{0,1\}$NO_REGISTRY" "$@" || fail "Hub's own images (ingest, migrations, backup) have no registry in what is installed" \
    "./hub images --push --registry HOST/PATH, then ./hub publish --registry HOST/PATH --output DIRECTORY, and its deploy.sh. Chart: --set images.ingest=… and the other two."
}

require_cluster() {
  local answer major minor
  [ -n "$CONTEXT" ] || CONTEXT=$(kubectl config current-context 2> /dev/null) ||
    fail "kubectl has no current context" "kubectl config use-context NAME, or --context NAME"
  answer=$(kc get --raw /version --request-timeout 20s) ||
    fail "the cluster of context $CONTEXT does not answer" "kubectl --context $CONTEXT cluster-info"
  major=$(printf '%s' "$answer" | sed -n 's/.*"major": *"\([0-9]*\).*/\1/p')
  minor=$(printf '%s' "$answer" | sed -n 's/.*"minor": *"\([0-9]*\).*/\1/p')
  SERVER="${major:-0}.${minor:-0}"
  if [ "${major:-0}" -lt 1 ] || { [ "$major" -eq 1 ] && [ "${minor:-0}" -lt 28 ]; }; then
    fail "the cluster of context $CONTEXT runs Kubernetes $SERVER" "Hub needs 1.28 or later."
  fi
  say "Context $CONTEXT ($(kc config view --minify --output 'jsonpath={.clusters[0].cluster.server}')), Kubernetes $SERVER, namespace $NAMESPACE"
}

require_namespace() {
  local found phase helm owner releases
  found=$(kc get namespace "$NAMESPACE" --ignore-not-found --output \
    'jsonpath={.status.phase}|{.metadata.annotations.meta\.helm\.sh/release-name}|{.metadata.labels.app\.kubernetes\.io/instance}') || fail "namespace $NAMESPACE cannot be read"
  NAMESPACE_EXISTS=false NAMESPACE_MADE=false
  [ -n "$found" ] || return 0
  NAMESPACE_EXISTS=true
  IFS='|' read -r phase helm owner <<< "$found"
  [ "$phase" != Terminating ] || fail "namespace $NAMESPACE is being deleted" "Run this again when it is gone."
  case $owner in "$NAME" | '') ;; *) fail "namespace $NAMESPACE belongs to $owner" "Publish for another namespace: ./hub publish --namespace NAME" ;; esac
  # A release of this chart takes its Secrets from here, so making these alone, or an API key, is no trespass.
  if $SECRETS_ONLY || $LIST_KEYS || [ -n "$PROJECT$REVOKE_KEY" ]; then return 0; fi
  releases=$(kube get secret --selector owner=helm --output 'jsonpath={.items[*].metadata.labels.name}') ||
    fail "the Secrets of namespace $NAMESPACE cannot be read"
  # A release may be kept in another namespace than its objects.
  releases+=" $(kube get statefulset --selector "$SELECTOR" --output 'jsonpath={.items[*].metadata.annotations.meta\.helm\.sh/release-name}')"
  read -r releases <<< "$releases"
  helm=${helm:-${releases%% *}}
  if [ -n "$CHART" ]; then require_release "$helm"; return; fi
  [ -z "$helm" ] || fail "namespace $NAMESPACE belongs to Helm release $helm" \
    "Upgrade or uninstall that release with helm, or publish for another namespace: ./hub publish --namespace NAME"
}

require_storage() {
  local found
  if [ -z "$PROVISIONER" ]; then
    found=$(kc get storageclass --output 'jsonpath={range .items[*]}{.metadata.annotations.storageclass\.kubernetes\.io/is-default-class}{"\n"}{end}')
    case $found in *true*) return 0 ;; esac
    fail "the cluster has no default storage class" "Mark a class as the default, or publish for a cloud: ./hub publish --cloud NAME"
  fi
  if [ "$PROVISIONER" = kubernetes.io/no-provisioner ]; then
    warn "the storage classes make no volumes: somebody has to prepare them (kubectl get persistentvolume)."
    return 0
  fi
  found=$(kc get csidriver "$PROVISIONER" --ignore-not-found --output name)
  [ -n "$found" ] || fail "the cluster has no driver $PROVISIONER, on which the published storage classes rely" \
    "Install it, or publish for the cloud that this cluster runs on (./hub publish --cloud NAME)."
}

# What nodes that take any pod can give, less what other namespaces' pods have asked for, against what Hub's pods ask for.
require_room() {
  local room nodes cpu memory
  room=$({ kc get nodes --output 'jsonpath={range .items[*]}node|{.spec.unschedulable}{.spec.taints[*].effect}|{.status.allocatable.cpu},{.status.allocatable.memory}{"\n"}{end}' &&
    kc get pods --all-namespaces --field-selector 'status.phase!=Succeeded,status.phase!=Failed' --output \
      'jsonpath={range .items[*]}pod|{.metadata.namespace}{range .spec.containers[*]}|{.resources.requests.cpu},{.resources.requests.memory}{end}{"\n"}{end}'; } |
    awk -F'|' -v own="$NAMESPACE" '
      function cpu(v) { return v ~ /m$/ ? v + 0 : v * 1000 }
      function mib(v) {
        if (v ~ /i$/) return v * (v ~ /K/ ? 1 / 1024 : v ~ /M/ ? 1 : v ~ /G/ ? 1024 : 1048576)
        return v * (v ~ /k$/ ? 1000 : v ~ /M$/ ? 1000000 : v ~ /G$/ ? 1000000000 : v ~ /m$/ ? 0.001 : 1) / 1048576
      }
      $1 == "node" && $2 !~ /true|(^| )No/ { split($3, r, ","); nodes++; c += cpu(r[1]); m += mib(r[2]) }
      $1 == "pod" && $2 != own { for (i = 3; i <= NF; i++) { split($i, r, ","); c -= cpu(r[1]); m -= mib(r[2]) } }
      END { printf "%d %d %d", nodes, c < 0 ? 0 : c, m < 0 ? 0 : m }') || {
    warn "nodes and pods cannot be read: whether there is room is not known."
    return 0
  }
  read -r nodes cpu memory <<< "$room"
  say "Room: $nodes nodes, ${cpu}m CPU, $memory MiB of memory free; Hub's pods ask for $NEEDS_NODES nodes, ${NEEDS_CPU_MILLIS}m, $NEEDS_MEMORY_MIB MiB"
  [ "$nodes" -ge "$NEEDS_NODES" ] || warn "$nodes nodes take pods, and $NEEDS_NODES are needed: members of a quorum never share a node."
  [ "$cpu" -ge "$NEEDS_CPU_MILLIS" ] || warn "${cpu}m of CPU are free, and the pods ask for ${NEEDS_CPU_MILLIS}m: some will stay pending."
  [ "$memory" -ge "$NEEDS_MEMORY_MIB" ] || warn "$memory MiB of memory are free, and the pods ask for $NEEDS_MEMORY_MIB MiB: some will stay pending."
}

# missing_definition FILE: the first kind in a file that the cluster does not know.
missing_definition() {
  local entry file definitions definition
  for entry in ${DEFINITIONS[@]+"${DEFINITIONS[@]}"}; do
    read -r file definitions <<< "$entry"
    [ "$file" = "$1" ] || continue
    for definition in $definitions; do
      [ -n "$(kc get customresourcedefinition "$definition" --ignore-not-found --output name)" ] || { say "$definition"; return 0; }
    done
  done
}

# The namespace, then what the operator chose (a security context constraint must be there before the pods), then the rest.
choose_files() {
  local entry missing
  CHOSEN=("${FILES[0]}" ${OPTIONAL[@]+"${OPTIONAL[@]}"})
  for entry in "${FILES[@]:1}"; do
    missing=$(missing_definition "${entry%% *}")
    [ -n "$missing" ] || { CHOSEN+=("$entry"); continue; }
    say "${entry%% *} is left out: the cluster does not know $missing."
  done
  $CERT_MANAGER || return 0
  missing=$(missing_definition cert-manager.yaml)
  [ -z "$(kube get secret "$CA_SECRET" --ignore-not-found --output name)" ] || fail "this installation has certificates of its own CA (Secret $CA_SECRET)" \
    "Stay with them; or change over on the same volumes: ${0##*/} --uninstall, then install with --cert-manager."
  [ -z "$missing" ] || fail "the cluster does not know $missing" "Install cert-manager, or leave --cert-manager out."
  CHOSEN=("${CHOSEN[0]}" cert-manager.yaml "${CHOSEN[@]:1}")
}

# confirm QUESTION [WORD]: goes on for y, or for a word that has to be typed.
confirm() {
  local answer
  ! $ASSUME_YES || return 0
  [ -t 0 ] || fail "nobody is there to ask" "Run it with --yes, or from a terminal."
  read -r -p "$1 [${2:-y/N}] " answer || answer=''
  case $answer in "${2:-y}" | "${2:-Y}" | "${2:-yes}") ;; *) fail "stopped, nothing was changed" ;; esac
}

make_namespace() {
  ! $NAMESPACE_EXISTS || return 0
  say "Namespace $NAMESPACE is made first: the server checks nothing for a namespace that is not there."
  awk '/^---$/ && ++n == 2 { exit } { print }' "$HERE/namespace.yaml" | kc apply --filename -
  NAMESPACE_EXISTS=true NAMESPACE_MADE=true
}

check_objects() {
  local entry file
  step "Checking every object at the server"
  $NAMESPACE_EXISTS || say "Namespace $NAMESPACE is not there: checked as if in \"default\", where neither its quota nor Pod Security apply."
  for entry in "${CHOSEN[@]}"; do
    file=${entry%% *}
    if $NAMESPACE_EXISTS; then cat "$HERE/$file"; else sed "s/^  namespace: $NAMESPACE\$/  namespace: default/" "$HERE/$file"; fi |
      kc apply --dry-run=server --validate=strict --filename - > /dev/null || {
      ! $NAMESPACE_MADE || kc delete namespace "$NAMESPACE" --wait=false > /dev/null
      fail "the cluster does not accept $file; nothing was changed" "The server's reason is above. What cannot be changed in place: ./hub publish with the former settings."
    }
    say "  $file"
  done
}

# ---- secrets

# load_secret NAME DIRECTORY: its keys as files; none if there is no such Secret. Failing to ask is not the same as "there is none":
# new passwords in the place of those that the database has would lock everybody out.
load_secret() {
  local key value
  mkdir -p "$2"
  # shellcheck disable=SC2016 # the variables are the template's
  kube get secret "$1" --ignore-not-found --output 'go-template={{range $key, $value := .data}}{{$key}} {{$value}}{{"\n"}}{{end}}' > "$WORK/loaded" ||
    fail "Secret $1 cannot be read"
  while read -r key value; do printf '%s' "$value" | openssl base64 -d -A > "$2/$key"; done < "$WORK/loaded"
}

# put_secret NAME FILE...: a Secret whose keys are the files' names. Applied by the server: kubectl's own way leaves a copy of the
# values in an annotation.
put_secret() {
  local name=$1 file
  shift
  CHANGES=$((CHANGES + 1))
  if $DRY_RUN; then say "  would write Secret $name"; return 0; fi
  {
    printf 'apiVersion: v1\nkind: Secret\ntype: Opaque\nmetadata:\n  name: %s\n  namespace: %s\n' "$name" "$NAMESPACE"
    printf '  labels:\n    app.kubernetes.io/instance: %s\ndata:\n' "$NAME"
    for file in "$@"; do printf '  %s: %s\n' "${file##*/}" "$(openssl base64 -A < "$file")"; done
  } | kc apply --server-side --field-manager=hub-deploy --force-conflicts --filename - | sed 's/^/  /'
}

# keep_secret DIRECTORY NAME: writes a Secret only if it differs from the files.
keep_secret() {
  local file same=true
  load_secret "$2" "$WORK/now-$2"
  [ "$(ls "$1")" = "$(ls "$WORK/now-$2")" ] || same=false
  for file in "$1"/*; do [ "$(cat "$file")" = "$(cat "$WORK/now-$2/${file##*/}" 2> /dev/null)" ] || same=false; done
  if $same; then say "  Secret $2 is as it should be"; else put_secret "$2" "$1"/*; fi
}

make_passwords() {
  step "Passwords"
  local key value claims made='' directory=$WORK/credentials
  load_secret "$CREDENTIALS" "$directory"
  claims=$(kube get persistentvolumeclaim --selector "$SELECTOR" --output name) || fail "the volumes of namespace $NAMESPACE cannot be read"
  if [ -z "$(ls "$directory")" ] && [ -n "$claims" ]; then
    fail "volumes of an earlier installation are there, but Secret $CREDENTIALS with the passwords that open them is not" \
      "Restore the Secret from a copy; or give up the data: ${0##*/} --uninstall --delete-volumes"
  fi
  for key in "${PASSWORDS[@]}"; do
    [ ! -s "$directory/$key" ] || continue
    value=$(openssl rand -base64 96 | LC_ALL=C tr -dc 'A-Za-z0-9')
    printf '%s' "${value:0:32}" > "$directory/$key"
    made+=" $key"
  done
  if [ -n "$made" ]; then say "  made$made"; put_secret "$CREDENTIALS" "$directory"/*; else say "  all ${#PASSWORDS[@]} are there"; fi
  mkdir "$WORK/userlist"
  printf '"pgbouncer" "%s"\n"monitor" "%s"\n' "$(sed 's/"/""/g' "$directory/PGBOUNCER_PASSWORD")" \
    "$(sed 's/"/""/g' "$directory/MONITOR_PASSWORD")" > "$WORK/userlist/userlist.txt"
  keep_secret "$WORK/userlist" "$USER_LIST"
}

# Without a repository PostgreSQL keeps all WAL until its volume is full.
require_repository() {
  if [ "$BUCKET" = unused ] || [ -n "$S3_BUCKET" ] || [ -n "$(kube get secret "$S3_SECRET_NAME" --ignore-not-found --output name)" ]; then return; fi
  [ "$BUCKET" = required ] || { warn "no bucket is named (--s3-bucket …): this cluster will have no backups"; return; }
  ! $DRY_RUN || { warn "no bucket is named (--s3-bucket …): an installation needs one"; return; }
  fail "backups have no place to go: there is no Secret $S3_SECRET_NAME" "Name a bucket: --s3-bucket, --s3-region, --s3-key, --s3-secret (${0##*/} --help)"
}

# Named as pgBackRest reads its settings from the environment.
make_s3() {
  [ -n "$S3_BUCKET" ] || return 0
  step "S3"
  local directory=$WORK/s3 before=$CHANGES
  mkdir "$directory"
  printf '%s' "$S3_BUCKET" > "$directory/PGBACKREST_REPO1_S3_BUCKET"
  printf '%s' "${S3_ENDPOINT:-s3.$S3_REGION.amazonaws.com}" > "$directory/PGBACKREST_REPO1_S3_ENDPOINT"
  printf '%s' "$S3_REGION" > "$directory/PGBACKREST_REPO1_S3_REGION"
  printf '%s' "$S3_KEY" > "$directory/PGBACKREST_REPO1_S3_KEY"
  printf '%s' "$S3_SECRET" > "$directory/PGBACKREST_REPO1_S3_KEY_SECRET"
  if $S3_PATH_STYLE; then printf path > "$directory/PGBACKREST_REPO1_S3_URI_STYLE"; fi
  if [ -n "$S3_CA" ]; then
    cp "$S3_CA" "$directory/ca.crt"
    printf /etc/hub/storage/ca.crt > "$directory/PGBACKREST_REPO1_STORAGE_CA_FILE"
  fi
  keep_secret "$directory" "$S3_SECRET_NAME"
  if ! $DRY_RUN && [ "$CHANGES" != "$before" ]; then BUCKET_CHANGED=true; fi
}

has_bucket() { [ -n "$(kube get secret "$S3_SECRET_NAME" --ignore-not-found --output name)" ]; }

# Members read where the backups go when they start. What they were last started with is written at the StatefulSet, so that a run that was
# interrupted, and a Secret that somebody else changed, are seen as well.
look_at_storage() {
  STORAGE=none
  if has_bucket; then
    load_secret "$S3_SECRET_NAME" "$WORK/storage"
    STORAGE=$(for key in "$WORK/storage"/*; do printf '%s=%s\n' "${key##*/}" "$(cat "$key")"; done | openssl dgst -sha256 -r | cut -c1-16)
  fi
  STARTED_WITH=$(kube get statefulset timescaledb --ignore-not-found --output 'jsonpath={.metadata.name} {.metadata.annotations.analytics-hub/storage}')
  STARTED_WITH=${STARTED_WITH#timescaledb}
  STARTED_WITH=${STARTED_WITH# }
  NEW_STORAGE=false
  # Nothing written: a new cluster, or one of an earlier release, which had a bucket from the start unless this run has named it.
  if [ -n "$STARTED_WITH" ]; then
    [ "$STARTED_WITH" = "$STORAGE" ] || NEW_STORAGE=true
  elif $BUCKET_CHANGED && [ -n "$(kube get statefulset timescaledb --ignore-not-found --output name)" ]; then
    NEW_STORAGE=true
  fi
  if $NEW_STORAGE; then RENEWED+=" $S3_SECRET_NAME"; fi
}

# Archiving needs the stanza, which only the first start of a cluster makes. Where it is there already, this changes nothing.
use_storage() {
  local member attempt code
  if $NEW_STORAGE && [ "$STORAGE" != none ]; then
    step "Backup repository"
    member=$(primary)
    [ -n "$member" ] || fail "no member is the primary" "Run this again: it goes on where it stopped."
    for attempt in $(seq 30); do
      code=0
      # It asks the database, too. The password is a variable of the pod.
      # shellcheck disable=SC2016
      kube exec "$member" --container timescaledb -- sh -c 'PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD exec pgbackrest "$@"' sh \
        --stanza="$NAME" --log-level-console=info stanza-create || code=$?
      # 50: the member is archiving at this very moment.
      [ "$code" = 50 ] || break
      sleep "${HUB_VERIFY_PAUSE:-2}"
    done
    [ "$code" = 0 ] || fail "the backup repository cannot be used" "The reason is above. Backups of another cluster (they \"do not match\") need another bucket; otherwise check endpoint, bucket, keys and the storage's CA."
  fi
  [ "$STARTED_WITH" = "$STORAGE" ] || kube annotate statefulset timescaledb "analytics-hub/storage=$STORAGE" --overwrite > /dev/null
}

new_key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt > "$1"; }
end_of() { openssl x509 -in "$1" -noout -enddate | cut -d= -f2; }

make_authority() {
  CA=$WORK/ca
  load_secret "$CA_SECRET" "$CA"
  if [ ! -s "$CA/ca.key" ]; then
    # Members that trust different CAs do not find each other: under a running cluster the CA is never replaced.
    load_secret "${CERTIFICATES[0]%%=*}-tls" "$WORK/others"
    [ -z "$(ls "$WORK/others")" ] || fail "there are certificates, but not Secret $CA_SECRET with the CA that made them" \
      "Made by cert-manager: --cert-manager. Otherwise restore it, or start anew on the same volumes: ${0##*/} --uninstall, then install."
    new_key "$CA/ca.key"
    printf '%s\n' '[req]' distinguished_name=dn '[dn]' '[ca]' basicConstraints=critical,CA:TRUE,pathlen:0 \
      keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash > "$WORK/ca.cnf"
    openssl req -x509 -new -sha256 -key "$CA/ca.key" -subj "/CN=$NAME CA" -days 3650 -config "$WORK/ca.cnf" -extensions ca -out "$CA/ca.crt"
    put_secret "$CA_SECRET" "$CA/ca.crt" "$CA/ca.key"
  fi
  say "  CA until $(end_of "$CA/ca.crt")"
  openssl x509 -in "$CA/ca.crt" -noout -checkend $((365 * 24 * 3600)) > /dev/null ||
    warn "the CA ends within a year, and every certificate with it: plan for --uninstall (which keeps the data) and a new installation."
}

# Still good: issued by this CA for these names, with a common name or without as it should be, and not close to its end.
is_current() { # CERTIFICATE NAMES COMPONENT
  local certificate=$1 name present wanted=false
  openssl verify -CAfile "$CA/ca.crt" "$certificate" > /dev/null 2>&1 || return 1
  openssl x509 -in "$certificate" -noout -checkend "$RENEW_SECONDS" > /dev/null || return 1
  ! contains "$3" "${COMMON_NAMES[@]}" || wanted=true
  case $(openssl x509 -in "$certificate" -noout -subject) in *CN*=*) $wanted || return 1 ;; *) ! $wanted || return 1 ;; esac
  present=,$(openssl x509 -in "$certificate" -noout -text | sed -n '/Subject Alternative Name/{n;p;}' | tr -d ' '),
  for name in ${2//,/ }; do
    case $name in IP:::1) name=IPAddress:0:0:0:0:0:0:0:1 ;; IP:*) name=IPAddress:${name#IP:} ;; esac
    case $present in *",$name,"*) ;; *) return 1 ;; esac
  done
}

# No common name for most: etcd's gateway refuses clients that have one, once authentication is on. pgBackRest knows its client by nothing else.
issue() { # COMPONENT NAMES DIRECTORY
  local subject=/O=Hub/OU=$1
  ! contains "$1" "${COMMON_NAMES[@]}" || subject=/CN=$1$subject
  new_key "$3/tls.key"
  printf '[req]\ndistinguished_name=dn\n[dn]\n' > "$WORK/request.cnf"
  openssl req -new -key "$3/tls.key" -subj "$subject" -config "$WORK/request.cnf" -out "$WORK/request.csr"
  printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature extendedKeyUsage=serverAuth,clientAuth \
    subjectKeyIdentifier=hash authorityKeyIdentifier=keyid "subjectAltName=$2" > "$WORK/leaf.ext"
  openssl x509 -req -sha256 -in "$WORK/request.csr" -CA "$CA/ca.crt" -CAkey "$CA/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
    -days 365 -extfile "$WORK/leaf.ext" -out "$3/tls.crt" 2> "$WORK/log" || fail "openssl makes no certificate for $1: $(cat "$WORK/log")"
}

make_certificates() {
  step "Certificates"
  make_authority
  local entry component directory had
  for entry in "${CERTIFICATES[@]}"; do
    component=${entry%%=*} directory=$WORK/tls-${entry%%=*} had=false
    load_secret "$component-tls" "$directory"
    [ ! -s "$directory/tls.crt" ] || had=true
    if [ -z "${entry#*=}" ]; then
      mkdir "$WORK/only-$component"
      cp "$CA/ca.crt" "$WORK/only-$component/ca.crt"
      keep_secret "$WORK/only-$component" "$component-tls"
    elif ! $had || ! is_current "$directory/tls.crt" "${entry#*=}" "$component" || [ ! -s "$directory/tls.key" ]; then
      cp "$CA/ca.crt" "$directory/ca.crt"
      issue "$component" "${entry#*=}" "$directory"
      put_secret "$component-tls" "$directory/ca.crt" "$directory/tls.crt" "$directory/tls.key"
      # Programs read their certificate when they start.
      if $had && ! $DRY_RUN; then RENEWED+=" $component-tls"; fi
    fi
    [ ! -s "$directory/tls.crt" ] || say "  $component until $(end_of "$directory/tls.crt")"
  done
}
# ---- the chart instead of the manifests

# Without --dry-run=server, which 3.13 brought, helm asks the server nothing.
require_helm() {
  local version minor
  command -v helm > /dev/null || fail "helm is not on the PATH" "Install it and run this again."
  version=$(helm version --template '{{.Version}}' 2> /dev/null)
  version=${version#v} minor=${version#*.} minor=${minor%%.*}
  case $version in
    [4-9].* | 3.1[3-9].* | 3.[2-9][0-9].*) say "helm $version" ;;
    *) fail "helm ${version:-(older than 3)} is too old" "Install 3.13 or later: https://helm.sh/docs/intro/install/" ;;
  esac
  [ -f "$CHART/Chart.yaml" ] || fail "$CHART holds no chart" "./hub publish and aspire publish write it."
}

# Helm takes no objects over that it did not make.
require_release() { # RELEASE
  [ -z "$1" ] || [ "$1" = "$NAME" ] || fail "namespace $NAMESPACE belongs to Helm release $1" "Publish for another namespace: ./hub publish --namespace NAME"
  if [ -z "$1" ] && [ -n "$(kube get statefulset --selector "$SELECTOR" --output name)" ]; then
    fail "Hub was installed in namespace $NAMESPACE from the manifests" "Stay with them; or change over on the same volumes: ${0##*/} --uninstall, then this again."
  fi
}

# What the cluster does not know is left out, as with the manifests. What the operator says comes last, and wins.
release() { # further arguments
  local arguments=(--set createNamespace=false --set "certManager.enabled=$CERT_MANAGER")
  [ -z "$(missing_definition monitoring.yaml)" ] || arguments+=(--set monitoring.enabled=false)
  helm upgrade --install "$NAME" "$CHART" --kube-context "$CONTEXT" --namespace "$NAMESPACE" "${arguments[@]}" \
    ${VALUES[@]+"${VALUES[@]}"} "$@" > "$WORK/helm" || return 1
}

check_chart() {
  step "Checking the chart at the server"
  release --dry-run=server || {
    ! $NAMESPACE_MADE || kc delete namespace "$NAMESPACE" --wait=false > /dev/null
    fail "the cluster does not accept the chart; nothing was changed" "The reason is above."
  }
  say "  $(grep -c '^kind:' "$WORK/helm") objects"
  # A subshell: the namespace that was made for the check goes again first.
  (require_images "$WORK/helm") || {
    ! $NAMESPACE_MADE || kc delete namespace "$NAMESPACE" --wait=false > /dev/null
    exit 1
  }
}

# Names of the chart's jobs follow from its values: found by what is before the hash of ten. A schedule's jobs end in eight digits.
current() { # TARGET
  case $1 in
    job/*) kube get job --selector "$SELECTOR" --output 'jsonpath={range .items[*]}job/{.metadata.name}{"\n"}{end}' | grep "^${1%-*}-[0-9a-f]\{10\}\$" || true ;;
    *) say "$1" ;;
  esac
}

# Helm's own --wait does not notice a Job that has failed until its time is over, and tells nothing meanwhile.
install_chart() {
  local entry targets target names found
  step "Helm release $NAME"
  for entry in "${CHOSEN[@]}"; do
    read -r _ targets <<< "$entry"
    for target in $targets; do
      for found in $(current "$target"); do
        case $found in job/*) case $(job_state "$found") in *Failed*) kube delete "$found" ;; esac ;; esac
      done
    done
  done
  release || fail "the chart was not installed" "The reason is above. Run this again: it goes on where it stopped."
  CHANGES=$((CHANGES + 1))
  sed -n 's/^\(STATUS\|REVISION\): /  &/p' "$WORK/helm"
  for entry in "${CHOSEN[@]}"; do
    read -r _ targets <<< "$entry"
    for target in $targets; do
      names=$(current "$target")
      [ -n "$names" ] || fail "$target is not in the release" "helm --namespace $NAMESPACE get manifest $NAME"
      for found in $names; do
        step "$found"
        wait_target "$found"
      done
    done
  done
  RENEWED=''
}

# ---- applying

# The workloads that still run with a certificate that was renewed, or with another place for backups.
stale() {
  local entry workload secrets secret
  for entry in "${MOUNTS[@]}"; do
    read -r workload secrets <<< "$entry"
    for secret in $secrets; do case "$RENEWED " in *" $secret "*) printf '%s ' "$workload"; break ;; esac; done
  done
}

# kubectl apply calls some objects "configured" each time (the server fills in the volume claims of a StatefulSet, and a selector of a
# disruption budget is always replaced), so whether there is anything to change is asked first.
apply() {
  local output file=$HERE/$1
  # Backups are suspended where no bucket is required, until one is named.
  if [ "$1" = backup-cronjob.yaml ] && [ "$BUCKET" = optional ] && [ "$STORAGE" != none ]; then
    file=$WORK/$1
    sed 's/^  suspend: true$/  suspend: false/' "$HERE/$1" > "$file"
  fi
  if kc diff --filename "$file" > /dev/null 2>&1; then say "  unchanged"; return 0; fi
  output=$(kc apply --validate=strict --filename "$file") || fail "$1 was not applied" "Run this again: it goes on where it stopped."
  printf '%s\n' "$output" | sed 's/^/  /'
  CHANGES=$((CHANGES + $(printf '%s\n' "$output" | grep -vc ' unchanged$' || true)))
}

# One line for each pod ("pod|NAME|why it is not scheduled|message") and for each of its containers ("container|NAME|what it waits for|message").
STATES='jsonpath={range .items[*]}pod|{.metadata.name}|{.status.conditions[?(@.type=="PodScheduled")].reason}'
STATES+='|{.status.conditions[?(@.type=="PodScheduled")].message}{"\n"}'
for each in initContainerStatuses containerStatuses; do
  STATES+="{range .status.${each}[*]}container|{.name}|{.state.waiting.reason}|{.state.waiting.message}"'{"\n"}{end}'
done
STATES+='{end}'

# Why pods do not run: each reason once, as soon as Kubernetes knows it. What only takes its time is no reason.
tell_reasons() {
  local kind name reason message pod=''
  { kube get pods --selector "$SELECTOR" --output "$STATES" || warn "the pods cannot be read"; } |
    while IFS='|' read -r kind name reason message; do
      case $kind in pod) pod=$name ;; container) name=$pod/$name ;; *) continue ;; esac
      case $reason in '' | ContainerCreating | PodInitializing) continue ;; esac
      ! grep -qxF "$name $reason" "$WORK/told" || continue
      printf '%s %s\n' "$name" "$reason" >> "$WORK/told"
      printf '  %s: %s: %.300s\n' "$name" "$reason" "$message"
    done
}

# In short rounds: a single wait would show nothing but the number of pods until its time is over.
wait_rollout() {
  local began=$SECONDS left output last=''
  : > "$WORK/told"
  while :; do
    left=$((TIMEOUT - SECONDS + began))
    [ "$left" -gt 0 ] || break
    if output=$(kube rollout status "$1" --timeout "$((left < 10 ? left : 10))s" 2>&1); then
      printf '%s\n' "$output" | tail -n 1 | sed 's/^/  /'
      return 0
    fi
    output=$(printf '%s\n' "$output" | grep -v 'timed out waiting' | tail -n 1 || true)
    [ "$output" = "$last" ] || say "  $output ($((SECONDS - began)) s)"
    last=$output
    tell_reasons
    case $output in *'progress deadline'*) break ;; esac
    sleep "${HUB_VERIFY_PAUSE:-2}"
  done
  kube get pods >&2 || true
  fail "$1 is not ready after $((SECONDS - began)) s" "kubectl -n $NAMESPACE describe $1; kubectl -n $NAMESPACE get events --sort-by .lastTimestamp"
}

job_state() { kube get "$1" --ignore-not-found --output 'jsonpath={.status.conditions[?(@.status=="True")].type} active:{.status.active} failed:{.status.failed}'; }

# What a state is called: the attempt that runs, or that none has begun.
attempt_of() {
  local active=${1##*active:} failed=${1##*failed:}
  active=${active%% *}
  if [ "${active:-0}" = 0 ]; then printf 'waits for its pod'; else printf 'attempt %s runs' "$((${failed:-0} + 1))"; fi
}

# Not kubectl wait: that does not notice a Job that has failed until its time is over.
wait_job() {
  local began=$SECONDS state now last='' next=30
  : > "$WORK/told"
  while :; do
    state=$(job_state "$1")
    case $state in
      *Complete*) say "  $1 complete ($((SECONDS - began)) s)"; return 0 ;;
      *Failed*) kube logs "$1" --tail 20 >&2 || true; fail "$1 failed" "Its log is above. Run this again to try it again." ;;
    esac
    now=$(attempt_of "$state")
    if [ "$now" != "$last" ] || [ $((SECONDS - began)) -ge "$next" ]; then
      say "  $1: $now ($((SECONDS - began)) s)"
      next=$((SECONDS - began + 30))
    fi
    last=$now
    tell_reasons
    [ $((SECONDS - began)) -lt "$TIMEOUT" ] || fail "$1 has not ended after $TIMEOUT s" "kubectl -n $NAMESPACE logs $1"
    sleep "${HUB_VERIFY_PAUSE:-3}"
  done
}

wait_target() {
  case $1 in
    job/*) wait_job "$1" ;;
    *) case " $(stale) " in *" $1 "*) kube rollout restart "$1" ;; esac; wait_rollout "$1" ;;
  esac
}

install() {
  local entry file targets target
  for entry in "${CHOSEN[@]}"; do
    read -r file targets <<< "$entry"
    step "$file"
    for target in $targets; do
      case $target in job/*) case $(job_state "$target") in *Failed*) kube delete "$target" ;; esac ;; esac
    done
    apply "$file"
    for target in $targets; do
      wait_target "$target"
    done
    if [ "$file" = cert-manager.yaml ]; then
      kube wait certificate --all --for=condition=Ready --timeout "${TIMEOUT}s" ||
        fail "certificates are not ready" "kubectl -n $NAMESPACE describe certificate"
    fi
  done
  RENEWED=''
}

# SQL on a member, as the superuser, through the socket in its pod.
sql() {
  # shellcheck disable=SC2016 # the password is a variable of the pod
  kube exec "$1" --container timescaledb -- sh -c \
    'PGPASSWORD=$PATRONI_SUPERUSER_PASSWORD exec psql -h /var/run/postgresql -U postgres -d llm_analytics -qAt -F " | " -c "$1"' sh "$2"
}

primary() {
  local member
  for member in "${MEMBERS[@]}"; do
    [ "$(sql "$member" 'SELECT pg_is_in_recovery()' 2> /dev/null || true)" != f ] || { say "$member"; return 0; }
  done
}

# Members bring changed settings to etcd when they start. Most are in force by then; one that was lowered may want another restart.
tell_restarts() { # MEMBER
  local members
  members=$(kube exec "$1" --container timescaledb -- patronictl list --format json) || { warn "whether a setting waits for a restart is not known"; return 0; }
  case $members in
    *'"Pending restart": "*"'*) warn "a changed setting waits for a restart: kubectl -n $NAMESPACE exec $1 -c timescaledb -- patronictl list (docs/runbooks/PendingRestart.md)" ;;
  esac
}

# Standbys that have just started need a moment to catch up.
verify() {
  step "Verifying"
  local attempt member health=''
  for attempt in 1 2 3 4 5 6; do
    [ "$attempt" = 1 ] || sleep "${HUB_VERIFY_PAUSE:-10}"
    for member in $(primary); do
      health=$(sql "$member" 'SELECT check_name, status, detail FROM analytics.system_health_check()') || continue
      case $health in *'| critical |'* | '') continue ;; esac
      say "  $member is the primary"
      printf '%s\n' "$health" | sed 's/^/  /'
      tell_restarts "$member"
      return 0
    done
  done
  [ -n "$health" ] || fail "no member is the primary" "kubectl -n $NAMESPACE exec ${MEMBERS[0]} -c timescaledb -- patronictl list"
  printf '%s\n' "$health" | sed 's/^/  /'
  fail "the health check is critical" "Each line names what is wrong; docs/runbooks say what to do."
}

require_primary() {
  MEMBER=$(primary)
  [ -n "$MEMBER" ] || fail "no member is the primary" "kubectl -n $NAMESPACE get pods"
}

SHOWN_LIMITS="coalesce(nullif(concat_ws(', ', k.max_requests_per_second || ' requests/s', k.max_bytes_per_second || ' bytes/s',
    k.max_calls_per_day || ' calls/day'), ''), 'none')"

list_keys() {
  require_primary
  say "key | project | name | begins with | made | expires | state | limits"
  sql "$MEMBER" "SELECT k.key_id, p.name, k.name, k.key_prefix, k.created_at::date, coalesce(k.expires_at::date::text, 'never'),
    CASE WHEN k.revoked_at IS NOT NULL THEN 'revoked' WHEN k.expires_at < now() THEN 'expired' ELSE 'valid' END, $SHOWN_LIMITS
    FROM analytics.api_keys k JOIN analytics.projects p USING (project_id) ORDER BY k.key_id" || fail "the keys cannot be read" "The reason is above."
}

revoke_key() {
  local prefix
  require_primary
  prefix=$(sql "$MEMBER" "UPDATE analytics.api_keys SET revoked_at = now() WHERE key_id = $REVOKE_KEY AND revoked_at IS NULL RETURNING key_prefix") ||
    fail "the key was not revoked" "The reason is above."
  [ -n "$prefix" ] || fail "there is no key $REVOKE_KEY that is not revoked" "${0##*/} --list-keys"
  say "Revoked key $REVOKE_KEY, ${prefix}…: ingest forgets its cached answer within half a minute."
}

limit_key() {
  local limits
  require_primary
  limits=$(sql "$MEMBER" "UPDATE analytics.api_keys k SET $LIMITS WHERE k.key_id = $LIMIT_KEY AND k.revoked_at IS NULL RETURNING $SHOWN_LIMITS") ||
    fail "the limits were not set" "The reason is above."
  [ -n "$limits" ] || fail "there is no key $LIMIT_KEY that is not revoked" "${0##*/} --list-keys"
  say "Limits of key $LIMIT_KEY: $limits. Ingest keeps them within half a minute."
}

# The database keeps a hash of the key, and that is all that leaves this machine.
make_key() {
  local key hash expires=NULL
  require_primary
  [ "$KEY_DAYS" = never ] || expires="now() + interval '$KEY_DAYS days'"
  key=$(openssl rand -base64 96 | LC_ALL=C tr -dc 'A-Za-z0-9')
  key=hub_${key:0:32}
  hash=$(printf '%s' "$key" | openssl dgst -sha256 -r)
  sql "$MEMBER" "SELECT analytics.create_api_key('$PROJECT', 'deploy.sh', '\\x${hash%% *}', '${key:0:12}', $expires)" > /dev/null ||
    fail "the key was not stored" "The reason is above."
  say "API key of project $PROJECT, good $([ "$KEY_DAYS" = never ] && printf 'until it is revoked' || printf 'for %s days' "$KEY_DAYS") (it cannot be shown again): $key"
}

connection() {
  cat << EOF

Hub is installed in namespace $NAMESPACE. $([ "$CHANGES" != 0 ] || printf 'Nothing had to be changed.')
  telemetry   ingest.$NAMESPACE:4317 (OTLP/gRPC), :4318 (OTLP/HTTP); REST on :8080
  pooled SQL  pgbouncer.$NAMESPACE:6432, database llm_analytics, TLS
  SQL         timescaledb-primary.$NAMESPACE:5432, timescaledb-replica.$NAMESPACE:5432
Clients need the label analytics-hub/telemetry=true or analytics-hub/sql=true, on the pod (in any namespace)
or, elsewhere than in $NAMESPACE, on its namespace.
  API key              ${0##*/} --api-key PROJECT; applications send it as "Authorization: Bearer KEY"
  password of llm_app  kubectl get secret $CREDENTIALS -n $NAMESPACE -o jsonpath='{.data.APP_PASSWORD}' | base64 -d
  CA certificate       kubectl get secret ingest-tls -n $NAMESPACE -o jsonpath='{.data.ca\\.crt}' | base64 -d > ca.crt
  from this machine    kubectl port-forward service/ingest 4317 4318 8080 -n $NAMESPACE
                       kubectl port-forward service/pgbouncer 6432 -n $NAMESPACE
                       psql "host=localhost port=6432 dbname=llm_analytics user=llm_app sslmode=verify-full sslrootcert=ca.crt"
EOF
}

# ---- removing

remove() { if $DRY_RUN; then kube delete "$@" --ignore-not-found --dry-run=server; else kube delete "$@" --ignore-not-found; fi; }
wait_gone() {
  $DRY_RUN || kube wait pod --for=delete --selector "$1" --timeout "${TIMEOUT}s" ||
    fail "pods are still there after $TIMEOUT s" "kubectl -n $NAMESPACE get pods"
}

# The disks' classes retain: without this the disks would outlive their claims, and be paid for.
delete_volumes() {
  local volume
  for volume in $(kube get persistentvolumeclaim --selector "$SELECTOR" --output 'jsonpath={.items[*].spec.volumeName}'); do
    [ -n "$(kc get persistentvolume "$volume" --ignore-not-found --output 'jsonpath={.metadata.annotations.pv\.kubernetes\.io/provisioned-by}')" ] || continue
    $DRY_RUN || kc patch persistentvolume "$volume" --type merge --patch '{"spec":{"persistentVolumeReclaimPolicy":"Delete"}}'
  done
  remove persistentvolumeclaim --selector "$SELECTOR"
  remove secret "$CREDENTIALS" "$S3_SECRET_NAME"
}

# Classes belong to no namespace: every Hub of this name uses the same ones, and without its priority class no pod is made.
remove_classes() {
  local others
  others=$(kc get statefulset --all-namespaces --selector "$SELECTOR" --output 'jsonpath={range .items[*]}{.metadata.namespace}{"\n"}{end}' |
    sort -u | grep -vx "$NAMESPACE" | tr '\n' ' ' || true)
  if [ -n "$others" ]; then say "Storage and priority classes are left: Hub is in namespace ${others% } too."; return 0; fi
  remove priorityclass,storageclass --selector "$SELECTOR"
}

uninstall() {
  local entry file definitions definition secrets=("$USER_LIST" "$CA_SECRET" hub-ca)
  $NAMESPACE_EXISTS || fail "namespace $NAMESPACE is not there" "Nothing is to be removed."
  if $DRY_RUN; then say "What would be removed:"
  elif $DELETE_VOLUMES; then confirm "Remove Hub from context $CONTEXT, WITH ALL ITS DATA? Type the name of its namespace:" "$NAMESPACE"
  else confirm "Remove Hub from context $CONTEXT, namespace $NAMESPACE? Volumes and passwords stay."; fi
  step "Removing"
  for entry in ${DEFINITIONS[@]+"${DEFINITIONS[@]}"}; do
    read -r file definitions <<< "$entry"
    [ -z "$(missing_definition "$file")" ] || continue
    for definition in $definitions; do remove "$definition" --selector "$SELECTOR"; done
  done
  # The database before etcd, which it needs to stop in good order; policies last, or nobody could speak to anybody.
  remove ingress,horizontalpodautoscaler,cronjob,job,deployment --selector "$SELECTOR"
  remove statefulset timescaledb
  wait_gone "$SELECTOR,app.kubernetes.io/name=timescaledb"
  remove statefulset,poddisruptionbudget --selector "$SELECTOR"
  wait_gone "$SELECTOR"
  remove service,configmap,networkpolicy,rolebinding,serviceaccount,resourcequota,limitrange --selector "$SELECTOR"
  for entry in "${CERTIFICATES[@]}"; do secrets+=("${entry%%=*}-tls"); done
  remove secret "${secrets[@]}"
  ! $DELETE_VOLUMES || delete_volumes
  remove_classes
  if ! $DELETE_VOLUMES; then
    say "Left: the volumes, and Secret $CREDENTIALS with the passwords that open them."
  elif [ -z "$(kube get pod,persistentvolumeclaim,service --output name)" ] || $DRY_RUN; then
    remove namespace "$NAMESPACE"
    say "Removed, data included."
  else
    say "Namespace $NAMESPACE is left: somebody else's objects are in it."
  fi
}

# ---- the run

at_exit() {
  [ -z "$WORK" ] || rm -rf "$WORK"
  [ -z "$RENEWED" ] || warn "renewed certificates and other settings of the backup storage are read at a restart: kubectl -n $NAMESPACE rollout restart $(stale)"
}

main() {
  trap at_exit EXIT
  trap 'printf "\ninterrupted: run it again, it goes on where it stopped\n" >&2; exit 130' INT
  trap 'exit 143' TERM
  parse_options "$@"
  require_programs
  [ -z "$CHART" ] || require_helm
  require_cluster
  require_namespace
  if $UNINSTALL; then uninstall; return; fi
  if [ -n "$PROJECT" ]; then make_key; return; fi
  if $LIST_KEYS; then list_keys; return; fi
  if [ -n "$REVOKE_KEY" ]; then revoke_key; return; fi
  if [ -n "$LIMIT_KEY" ]; then limit_key; return; fi
  require_repository
  require_storage
  require_room
  choose_files
  if [ -z "$CHART" ] && ! $SECRETS_ONLY; then require_images "$HERE"/*.yaml; fi
  $DRY_RUN || confirm "Install or update Hub there?"
  WORK=$(mktemp -d)
  $DRY_RUN || make_namespace
  if [ -n "$CHART" ]; then check_chart; elif ! $SECRETS_ONLY; then check_objects; fi
  make_passwords
  make_s3
  $CERT_MANAGER || make_certificates
  look_at_storage
  if $DRY_RUN; then say "Everything would be accepted; nothing was changed."; return; fi
  if $SECRETS_ONLY; then
    say "The Secrets are there. With Helm: --set createNamespace=false$([ "$BUCKET" != optional ] || [ "$STORAGE" = none ] || printf ',backup.suspend=false')."
    ! $NEW_STORAGE || warn "the members archive to the new bucket once they are restarted (below) and it has its stanza:
  kubectl -n $NAMESPACE exec PRIMARY -c timescaledb -- sh -c 'PGPASSWORD=\$PATRONI_SUPERUSER_PASSWORD exec pgbackrest --stanza=$NAME stanza-create'"
    return
  fi
  if [ -n "$CHART" ]; then install_chart; else install; fi
  use_storage
  verify
  connection
}

main "$@"
