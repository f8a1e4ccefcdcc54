# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Where the sources of the kernel $KVER are, and what has been done to them. Read by adopt
# and survey, which run in the lab's root and have a function die().

# shellcheck disable=SC2154 # $here is theirs
# shellcheck source-path=SCRIPTDIR/../lab/kernel source=archive.sh
. "$here/../lab/kernel/archive.sh"

# The path of a folder of them, or of all if it is '.', unpacked when it is first asked
# for: what is one is not a part of the other, so that either may be changed.
source_of() {
	(
		from=$(kernel_archive) || exit 1
		sources=/lab/sources/$(kernel_version)
		case $1 in
		.) to=$sources/all strip=1 member='*' ;;
		*) to=$sources/$1 strip=$(($(echo "$1" | tr -cd / | wc -c) + 2)) member="*/$1" ;;
		esac
		if [ ! -e "$to/.complete" ]; then
			echo "adopt: unpacking $1 of $from, about 20 s" >&2
			rm -rf "$to"
			mkdir -p "$to"
			tar -C "$to" --strip-components="$strip" --wildcards -xf "$from" "$member" ||
				die "$from has no folder $1"
			touch "$to/.complete"
		fi
		echo "$to"
	)
}

# What the libraries' headers need of an older kernel, as was found out when they were
# built: flags for the compiler.
compat_flags() {
	(
		compat=$LAB_BUILD/modules/include/compat
		probed=$compat/probed/$KVER.h
		[ -r "$probed" ] || die "there is no $probed: run 'lab build' first"
		echo "-I$compat -include $probed -include $compat/adopted.h"
	)
}

# Lines of a patch: added, removed.
count_lines() {
	awk '/^\+/ && !/^\+\+\+ / { added++ } /^-/ && !/^--- / { removed++ }
		END { print added + 0, removed + 0 }' "$1"
}
