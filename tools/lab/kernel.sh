# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # some variables are set here, others used, for lab
# Finds the kernel that $KERNEL names. Sourced by lab, whose variables and functions it uses.
#
# choose_kernel() sets
#   kver   its release, as uname -r prints it
#   build  the name of the folder for what is built for this kernel only
#   tree   its built tree, or '' if it is installed in the root

# Suite, release and package version of each kernel that setup installed, and of those from
# 'lab add', whose suite is 'added'.
kernels() {
	cat "$LAB/kernels"
	[ ! -e "$LAB/added" ] || cat "$LAB/added"
}

# The list for 'lab kernels', which also says whether the tests were run with the series
# of the kernel before.
list_kernels() {
	kernels | while read -r name release version; do
		series=$(echo "$version" | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')
		awk -v kernel="$name $release $version" -v series="$series" '
			!/^#/ && $2 "" == series { tested = 1 }
			END { print kernel, tested ? "tested" : "new" }
		' "$here/kernels"
	done
}

trees() {
	find "$root/lab/kernels" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | sed 's,.*/,,' | sort
}

what_there_is() {
	{
		kernels | awk '{ print $1 " (" $2 ", " $3 ")" }'
		trees
	} | paste -sd, - | sed 's/,/, /g; s/,  /, /g'
}

# The kernels whose suite is $KERNEL, or whose release or version begins with $KERNEL, not
# followed by another digit or letter. Debian's version of 7.3-rc7 is 7.3~rc7-1.
matching_releases() {
	kernels | awk -v start="$KERNEL" '
		function begins(name) {
			return index(name, start) == 1 && substr(name, length(start) + 1, 1) !~ /[0-9A-Za-z]/
		}
		{ version = $3; gsub(/~/, "-", version) }
		$1 == start || begins($2) || begins(version) { print $2 }' | sort -u
}

choose_release() {
	kver=$(matching_releases)
	case $kver in
	'') die "KERNEL=$KERNEL: no such kernel; there is $(what_there_is)" ;;
	*"
"*) die "KERNEL=$KERNEL: $(echo "$kver" | paste -sd' ' -) begin with that, name one of them" ;;
	esac
	build=$kver
}

# Looks inside the root, because the links of the files lead nowhere outside.
need_installed() {
	for file in "/lib/modules/$kver/build/Makefile" "/boot/vmlinuz-$kver"; do
		[ -n "$tree" ] || in_root test -e "$file" ||
			die "KERNEL=$KERNEL: the lab has no $file: run 'lab chroot -- apt-get install --reinstall linux-image-$kver linux-headers-$kver'"
	done
}

# $1 becomes part of the name of the folder $build.
choose_tree() {
	for file in arch/x86/boot/bzImage include/config/kernel.release Module.symvers; do
		[ -e "$tree/$file" ] ||
			die "KERNEL=$KERNEL: $tree is no built kernel tree, it has no $file: run 'make' in it"
	done
	# inside the root a tree has its own path, and finds its sources even if built with O=
	[ ! -L "$tree/source" ] || [ "${tree#"$root/"}" != "$tree" ] ||
		die "KERNEL=$KERNEL: $tree was built with O= from sources elsewhere: give a tree that was built in place"
	kver=$(cat "$tree/include/config/kernel.release")
	build=tree-$1
}

choose_tree_by_path() {
	tree=$(cd "$KERNEL" 2>/dev/null && pwd -P) || die "KERNEL=$KERNEL: there is no such folder"
	choose_tree "${tree##*/}-$(printf %s "$tree" | cksum | cut -d' ' -f1)"
}

need_kernels() {
	[ -d "$root" ] || die "there is no root in $LAB: run 'lab setup' (or 'make lab') first"
	[ -e "$LAB/kernels" ] || die "the lab in $LAB is older than this project: run 'lab setup' (or 'make lab')"
}

choose_kernel() {
	need_kernels
	KERNEL=${KERNEL:-$suite}
	case $KERNEL in
	all) die "KERNEL=all is for 'make check'; a lab command is for one kernel: $(what_there_is)" ;;
	*/*) choose_tree_by_path ;;
	*)
		tree=$root/lab/kernels/$KERNEL
		if [ -d "$tree" ]; then
			choose_tree "$KERNEL"
		else
			tree=
			choose_release
		fi
		;;
	esac
}
