# shellcheck shell=bash
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
