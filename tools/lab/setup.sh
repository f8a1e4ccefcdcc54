# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2154 # $LAB, $here and $root are lab's
# 'lab setup' and 'lab add'. Sourced by lab, whose variables and functions it uses.

space_needed_mib=5120

wanted_packages() {
	awk '!/^#/ && NF { print $1 }' "$here/packages"
}

# The packages from the root's own suite.
base_packages() {
	awk '!/^#/ && NF == 1 { print $1 }' "$here/packages"
}

kernel_suites() {
	awk '!/^#/ { print $1 }' "$here/kernels"
}

other_suites() {
	{
		awk '!/^#/ && NF == 2 { print $2 }' "$here/packages"
		kernel_suites
	} | grep -vx "$suite" | sort -u
}

# What the lab is made from. As long as this stays the same, the lab is used as it is.
wanted() {
	wanted_packages
	kernel_suites
}

check_space() {
	free_mib=$(df -Pm "$LAB" | awk 'NR == 2 { print $4 }')
	[ "$free_mib" -ge "$space_needed_mib" ] ||
		die "$LAB has $free_mib MiB free but the lab needs $space_needed_mib: set LAB to a directory with more"
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

# apt in the lab needs the same settings as the host's to reach the mirror.
write_apt_settings() {
	apt-config dump --no-empty --format '%f "%v";%n' Acquire::Check-Valid-Until \
		Acquire::Check-Date Acquire::Retries Acquire::http::Proxy Acquire::https::Proxy \
		>"$LAB/apt.conf"
	# the file must not be empty: mmdebstrap would take its name for an option
	echo 'Acquire::Languages "none";' >>"$LAB/apt.conf"
}

make_root() {
	# shellcheck disable=SC2046,SC2086 # no mirror given is no argument
	contained mmdebstrap --mode=root --variant=minbase --aptopt="$LAB/apt.conf" \
		--include="$(base_packages | paste -sd, -)" \
		"$suite" "$root.new" ${LAB_MIRROR:-}
}

# Adds the other suites, from the mirrors of the root's own, with the updates that a stable
# suite has. With this low priority, apt takes a package from another suite only if the root's
# own does not have it. It is also the priority of installed packages, so that these can be
# updated.
add_suites() {
	for other in $(other_suites); do
		case $other in
		experimental) pockets= ;;
		*) pockets='-updates\|-security\|' ;;
		esac
		sed -n "s/ $suite\\($pockets\\) main.*/ $other\\1 main/p" "$root/etc/apt/sources.list" \
			>"$root/etc/apt/sources.list.d/$other.list"
		printf 'Package: *\nPin: release n=%s*\nPin-Priority: 100\n' "$other" \
			>"$root/etc/apt/preferences.d/$other"
	done
}

update_lists() {
	write_apt_settings &&
		add_suites &&
		cp -L /etc/resolv.conf "$root/etc/resolv.conf" &&
		cp "$LAB/apt.conf" "$root/etc/apt/apt.conf.d/99lab" &&
		in_root apt-get update
}

# The newest version of a suite's metapackage.
newest_of() {
	in_root apt-cache madison linux-image-amd64 |
		awk -F ' *[|] *' -v suite="$1" '
			$3 ~ " " suite "(-[a-z]+)?/" && !newest { newest = $2 }
			END { print newest }
		'
}

# The release of the image that this version of the metapackage depends on.
release_of() {
	in_root apt-cache show "linux-image-amd64=$1" |
		sed -n '/^Depends:/s/.*\<linux-image-\([0-9][^ ,]*\).*/\1/p'
}

# Suite, release and package version of each kernel, into a file.
look_up_kernels() {
	for other in $(kernel_suites); do
		version=$(newest_of "$other")
		release=$(release_of "$version")
		if [ -z "$release" ]; then
			echo "the mirror of $root has no linux-image-amd64 in $other"
			return 1
		fi
		echo "$other $release $version"
	done >"$LAB/kernels.new"
}

kernel_packages() {
	sed 's/^[^ ]* \([^ ]*\) .*/linux-image-\1\nlinux-headers-\1/' "$LAB/kernels.new"
}

missing_packages() {
	{
		wanted_packages
		kernel_packages
	} >"$LAB/needed"
	# shellcheck disable=SC2016,SC2046 # ${} is dpkg-query's; one argument a package
	in_root dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' \
		$(cat "$LAB/needed") 2>/dev/null | sed -n 's/^ii *//p' >"$LAB/installed" || :
	grep -vxFf "$LAB/installed" "$LAB/needed" || :
	rm -f "$LAB/installed" "$LAB/needed"
}

# virtme-run makes an initramfs of its own.
# shellcheck disable=SC2086 # $missing is a list
add_packages() {
	in_root DEBIAN_FRONTEND=noninteractive INITRD=No \
		apt-get install -y --no-install-recommends $missing &&
		in_root apt-get clean
}

# add_missing() writes the list of packages last, so the root is complete if it is there.
is_complete() {
	[ -d "$root" ] && [ -e "$LAB/kernels" ] && wanted | same_as "$LAB/packages"
}

add_missing() {
	step "asking the mirror for its packages, about 10 s" update_lists
	step "looking up the kernels" look_up_kernels
	missing=$(missing_packages | paste -sd' ' -)
	[ -z "$missing" ] ||
		step "adding to $root: $missing; about 20 s a kernel, a few seconds any other" add_packages
	mv "$LAB/kernels.new" "$LAB/kernels"
	wanted >"$LAB/packages"
}

create() {
	command -v apt-get >/dev/null ||
		die "there is no apt-get: the lab needs Debian, or a system that has apt and mmdebstrap"
	check_space
	need_mmdebstrap
	rm -rf --one-file-system "$root.new"
	rm -f "$LAB/kernels"
	trap 'rm -rf --one-file-system "$root.new"' EXIT
	write_apt_settings
	step "making a Debian $suite root with a compiler, QEMU and IGT in $root: about 2 minutes, 1.2 GB" make_root
	mv "$root.new" "$root"
	trap - EXIT
	add_missing
}

# Copies the files to a folder that apt in the root can read.
packages_for_apt() {
	for package; do
		case $package in
		*.deb)
			[ -r "$package" ] || die "cannot read the package $package"
			cp "$package" "$root/lab/packages/"
			echo "/lab/packages/${package##*/}"
			;;
		*/*) die "$package is not a package: the name of its file has to end in .deb" ;;
		*) echo "$package" ;;
		esac
	done
}

# The releases of all kernels in the root.
images() {
	in_root sh -c 'ls /boot' | sed -n 's/^vmlinuz-//p' | sort
}

# shellcheck disable=SC2016,SC2034 # ${} is dpkg-query's; tree is need_installed's
note_added() {
	kver=$1 tree=
	need_installed
	echo "added $kver $(in_root dpkg-query -W -f='${Version}' "linux-image-$kver")" >>"$LAB/added"
	echo "lab: added kernel $kver"
}

add_kernels() {
	[ "$#" -gt 0 ] || die "'lab add' needs the packages of a kernel: image and headers"
	need_kernels
	lock_root -x
	log=$LAB/setup.log
	: >"$log"
	mkdir -p "$root/lab/packages"
	packages_for_apt "$@" >"$LAB/needed"
	missing=$(paste -sd' ' "$LAB/needed")
	images >"$LAB/installed"
	step "adding $missing, about 20 s" add_packages
	added=$(images | grep -vxFf "$LAB/installed") || die "$missing added no new kernel"
	rm -rf "$root/lab/packages" "$LAB/needed" "$LAB/installed"
	for release in $added; do
		note_added "$release"
	done
}

# A complete root is used without waiting for the lock, which other commands may hold.
setup() {
	if ! is_complete; then
		lock_root -x
		complete_root
	fi
	echo "lab: using $root"
}

# While this waited for the lock, another setup may have added what was missing.
complete_root() {
	log=$LAB/setup.log
	: >"$log"
	if [ ! -d "$root" ]; then
		create
	elif ! is_complete; then
		add_missing
	fi
}
