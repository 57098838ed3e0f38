#!/usr/bin/env bash
# Installs Hub into a Kubernetes cluster from the manifests beside this script. It needs kubectl and openssl.
# Run again, it changes nothing that is as it should be: passwords, the CA and certificates that are still good are kept.
set -euo pipefail
umask 077 # passwords and keys pass through files in a directory of our own, never through an argument of a program

# @FACTS@

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

# @CHECKS@

# @SECRETS@
# @HELM@

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
