#!/bin/sh
# Runs before the packages are configured. $1 is the image's root.
set -eu

# Every machine makes its own cluster; one in the image would be shared by all of them.
mkdir -p "$1/etc/postgresql-common"
echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.conf"
