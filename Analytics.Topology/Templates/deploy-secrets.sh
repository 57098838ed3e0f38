# shellcheck shell=bash
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
