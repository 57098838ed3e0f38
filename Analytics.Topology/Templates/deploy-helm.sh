# shellcheck shell=bash disable=SC2034,SC2154 # a part of deploy.sh: its variables are set and used in the other parts
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
