# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2154 # $LAB, $here and $root are lab's
# 'lab setup'. Read by lab, whose variables and functions it uses.

suite=forky
space_needed_mib=4096

wanted_packages() {
	awk '!/^#/ && NF { print $1 }' "$here/packages"
}

# Those that the root's own suite has.
base_packages() {
	awk '!/^#/ && NF == 1 { print $1 }' "$here/packages"
}

other_suites() {
	awk '!/^#/ && NF == 2 { print $2 }' "$here/packages" | sort -u
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
		--include="$(base_packages | paste -sd, -)" \
		"$suite" "$root.new" ${LAB_MIRROR:-}
}

missing_packages() {
	# shellcheck disable=SC2016,SC2046 # ${} is dpkg-query's; one argument a package
	in_root dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' \
		$(wanted_packages) 2>/dev/null | sed -n 's/^ii *//p' >"$LAB/installed" || :
	wanted_packages | grep -vxFf "$LAB/installed" || :
	rm -f "$LAB/installed"
}

# From the mirror that the root came from. The low priority has apt take from there
# only what nothing else has.
add_suites() {
	for other in $(other_suites); do
		sed -n "s/ $suite main.*/ $other main/p" "$root/etc/apt/sources.list" \
			>"$root/etc/apt/sources.list.d/$other.list"
		printf 'Package: *\nPin: release n=%s\nPin-Priority: 90\n' "$other" \
			>"$root/etc/apt/preferences.d/$other"
	done
}

# shellcheck disable=SC2086 # $missing is a list
add_packages() {
	add_suites
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
	add_missing
	[ -n "$missing" ] || echo "lab: reusing $root"
}

add_missing() {
	missing=$(missing_packages | paste -sd' ' -)
	if [ -n "$missing" ]; then
		write_apt_settings
		step "adding to $root: $missing; a few seconds a package" add_packages
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
	trap - EXIT
	add_missing
}

setup() {
	log=$LAB/setup.log
	: >"$log"
	if [ -d "$root" ]; then reuse; else create; fi
}
