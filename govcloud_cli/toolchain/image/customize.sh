#!/bin/sh
# Runs when all packages are there. $1 is the image's root.
set -eu

# A role that wants a service enables it. The rest of the machines would only be slowed down by them,
# and cannot reach a package mirror.
for unit in auditd.service chrony.service etcd.service haproxy.service nftables.service ocserv.service pgbouncer.service \
    postgresql.service apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer; do
    systemctl --root="$1" disable "$unit" >/dev/null 2>&1 || true
done

# Nothing secret or unique may be shared by machines made from this image. mmdebstrap empties machine-id afterwards.
rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/ssl/private/ssl-cert-snakeoil.key" "$1/etc/ssl/certs/ssl-cert-snakeoil.pem" \
    "$1/var/lib/systemd/random-seed"

# mmdebstrap leaves this host's here.
: >"$1/etc/resolv.conf"
echo localhost >"$1/etc/hostname"

# For the build only: in a machine, dpkg writes safely.
for file in "$1"/etc/dpkg/dpkg.cfg.d/*; do
    if [ -f "$file" ]; then sed -i /force-unsafe-io/d "$file"; fi
done
