# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The sources of the kernel $KVER, and functions to patch them. Sourced by adopt and survey,
# which run in the lab's root and have a function die().

# shellcheck disable=SC2154 # $here is theirs
# shellcheck source-path=SCRIPTDIR/../lab/kernel source=archive.sh
. "$here/../lab/kernel/archive.sh"

folder_of() {
	case $1 in
	amdgpu) echo drivers/gpu/drm/amd/amdgpu ;;
	*) echo "drivers/gpu/drm/$1" ;;
	esac
}

# Prints the folder with all that a driver is built from: amdgpu's reaches into its neighbours.
whole_folder_of() {
	case $1 in
	amdgpu) echo drivers/gpu/drm/amd ;;
	*) folder_of "$1" ;;
	esac
}

# Prints the path of a folder of the sources, or of all of them if $1 is '.'. Unpacks it when it
# is first asked for. The copy of a folder is not a part of the copy of all, so either may be
# changed.
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

# Prints the compiler flags that the libraries' headers need on an older kernel, as probed when
# the libraries were built.
compat_flags() {
	(
		compat=$LAB_BUILD/modules/include/compat
		probed=$compat/probed/$KVER.h
		[ -r "$probed" ] || die "there is no $probed: run 'lab build' first"
		echo "-I$compat -include $probed -include $compat/adopted.h"
	)
}

# Applies the patch $2 to the folder $1.
apply() {
	patch --strip 1 --forward --silent --fuzz 0 --no-backup-if-mismatch --reject-file - \
		--directory "$1" <"$2" || die "${2#"$here/"} does not apply to the sources of $KVER"
}

# Applies to the folder $2 the patches for what the semantic patch cannot know of driver $1.
# $series is the kernel's.
apply_hand_patches() {
	hand=$here/hand/$1-$series
	[ -d "$hand" ] || hand=$here/hand/$1
	for patch in "$hand"/*.patch; do
		[ ! -r "$patch" ] || apply "$2" "$patch"
	done
}

# Prints how many lines a patch adds, and how many it removes.
count_lines() {
	awk '/^\+/ && !/^\+\+\+ / { added++ } /^-/ && !/^--- / { removed++ }
		END { print added + 0, removed + 0 }' "$1"
}
