# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2154 # driver.sh sets $name and $driver, and who sources this the rest
# What the scripts of a driver's package share.

# Ends the script, which can do nothing for the kernel.
stay() {
	echo "$name: kernel $release keeps its own $driver: $*" >&2
	exit "${stays:-1}"
}

# The version of an installed package, or nothing.
version_of() {
	# shellcheck disable=SC2016 # dpkg-query's
	dpkg-query -W -f='${db:Status-Abbrev}${Version}' "$1" 2>/dev/null | sed -n 's/^.i *//p'
}

# The series of kernels that a version is of, if there is a change for it: 7.2.12-1 is of 7.2.
series_of() {
	for change in "$here"/converted/*.diff; do
		change=${change##*/}
		case $1 in
		"${change%.diff}"[.~-]*) echo "${change%.diff}" ;;
		esac
	done
}
