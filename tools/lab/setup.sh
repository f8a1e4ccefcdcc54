# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2154 # $LAB, $here and $root are lab's
# 'lab setup'. Read by lab, whose variables and functions it uses.

suite=forky
space_needed_mib=4096

wanted_packages() {
	sed -e '/^#/d' -e '/^$/d' "$here/packages"
}

# Announces a step, runs it with its output in the log, tells how long it took.
step() {
	what=$1
	shift
	echo "lab: $what"
	began=$(date +%s)
	if ! "$@" >>"$log" 2>&1; then
		echo "lab: failed after $(($(date +%s) - began)) s; the end of $log:" >&2
		tail -n 20 "$log" >&2
		exit 1
	fi
	echo "lab: done in $(($(date +%s) - began)) s"
}

check_space() {
	free_mib=$(df -Pm "$LAB" | awk 'NR == 2 { print $4 }')
	[ "$free_mib" -ge "$space_needed_mib" ] ||
		die "$LAB has $free_mib MiB free and the lab needs $space_needed_mib: set LAB to a directory with more"
}

install_mmdebstrap() {
	apt-get update
	DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
		mmdebstrap debian-archive-keyring
}

need_mmdebstrap() {
	command -v mmdebstrap >/dev/null && return
	step "installing mmdebstrap on this machine with apt-get, about 20 s" install_mmdebstrap
}

# What the host's apt needs to reach its mirror, the lab's needs too.
write_apt_settings() {
	apt-config dump --no-empty --format '%f "%v";%n' Acquire::Check-Valid-Until \
		Acquire::Check-Date Acquire::Retries Acquire::http::Proxy Acquire::https::Proxy \
		>"$LAB/apt.conf"
	# never empty: mmdebstrap takes the name of an empty file for an option
	echo 'Acquire::Languages "none";' >>"$LAB/apt.conf"
}

make_root() {
	# shellcheck disable=SC2046,SC2086 # no mirror given is no argument
	contained mmdebstrap --mode=root --variant=minbase --aptopt="$LAB/apt.conf" \
		--include="$(wanted_packages | paste -sd, -)" \
		"$suite" "$root.new" ${LAB_MIRROR:-}
}

missing_packages() {
	# shellcheck disable=SC2016,SC2046 # ${} is dpkg-query's; one argument a package
	in_root dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' \
		$(wanted_packages) 2>/dev/null | sed -n 's/^ii *//p' >"$LAB/installed" || :
	wanted_packages | grep -vxFf "$LAB/installed" || :
	rm -f "$LAB/installed"
}

# shellcheck disable=SC2086 # $missing is a list
add_packages() {
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	cp "$LAB/apt.conf" "$root/etc/apt/apt.conf.d/99lab"
	in_root apt-get update
	in_root DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
	in_root apt-get clean
}

remember() {
	wanted_packages >"$LAB/packages"
}

reuse() {
	if wanted_packages | cmp -s - "$LAB/packages"; then
		echo "lab: reusing $root"
		return
	fi
	missing=$(missing_packages | paste -sd' ' -)
	if [ -n "$missing" ]; then
		write_apt_settings
		step "adding to $root: $missing; a few seconds a package" add_packages
	else
		echo "lab: reusing $root"
	fi
	remember
}

create() {
	command -v apt-get >/dev/null ||
		die "there is no apt-get: the lab is made on Debian, or a system that has apt and mmdebstrap"
	check_space
	need_mmdebstrap
	rm -rf --one-file-system "$root.new"
	trap 'rm -rf --one-file-system "$root.new"' EXIT
	write_apt_settings
	step "making a Debian $suite root with a kernel, compiler, QEMU and IGT in $root: about 2 minutes, 1.3 GB" make_root
	mv "$root.new" "$root"
	remember
}

setup() {
	log=$LAB/setup.log
	: >"$log"
	if [ -d "$root" ]; then reuse; else create; fi
}
