#!/bin/sh
# Runs a program in the place of this shell and sends it a signal whenever its certificate, key or authority has changed: programs read them
# when they start, and in a pod nobody else tells them that cert-manager or an operator has renewed the Secret.
# Arguments: signal, then the program with its arguments.
set -eu
signal=$1
shift
files() { cat /etc/hub/tls/* | cksum; }
(
    taken=$(files)
    while sleep "${HUB_FOLLOW_SECONDS:-10}"; do
        now=$(files) || continue
        [ "$now" != "$taken" ] || continue
        echo "The certificate or its authority has changed: sending $signal." >&2
        kill "-$signal" $$
        taken=$now
    done
) &
exec "$@"
