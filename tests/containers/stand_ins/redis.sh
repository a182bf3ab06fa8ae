#!/bin/bash
# As the official image does: its data folder belongs to the user redis, and the command runs as that user.
set -eu
chown redis:redis /data
exec setpriv --reuid=redis --regid=redis --init-groups -- "$@"
