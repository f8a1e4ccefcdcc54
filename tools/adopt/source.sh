# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Where the sources of the kernel $KVER are, and what has been done to them. Read by adopt
# and survey, which run in the lab's root and have a function die().

# Debian's package of a release has the version of the source package.
kernel_version() {
	dpkg-query -W -f='${Version}' "linux-image-$KVER" 2>/dev/null ||
		die "there is no package linux-image-$KVER: adopt takes a kernel that Debian has built"
}

# The package of a series, as the mirror has it; installed it would be in the way of
# others that look for one linux-source in /usr/src.
fetch_archive() {
	folder=$1 package=linux-source-$2 version=$3
	rm -rf "$folder.new"
	mkdir -p "$folder.new"
	(
		cd "$folder.new" || exit 1
		echo "adopt: fetching $package $version, about 150 MB" >&2
		apt-get -qq -o APT::Sandbox::User=root download "$package=$version" >&2 ||
			die "the mirror has no $package of version $version: run 'lab setup' for one that it has"
		dpkg-deb --fsys-tarfile ./*.deb |
			tar -x --strip-components=3 --wildcards './usr/src/linux-source-*.tar.xz'
		rm ./*.deb
	) || exit 1
	mv "$folder.new" "$folder"
}

# The archive of the kernel's sources.
archive() {
	version=$(kernel_version)
	series=$(echo "$version" | sed 's/^\([0-9]*\.[0-9]*\).*/\1/')
	name=linux-source-$series
	if [ "$(dpkg-query -W -f='${Version}' "$name" 2>/dev/null)" = "$version" ]; then
		echo "/usr/src/$name.tar.xz"
		return
	fi
	folder=/lab/archives/$version
	[ -e "$folder/$name.tar.xz" ] || fetch_archive "$folder" "$series" "$version" || exit 1
	echo "$folder/$name.tar.xz"
}

# The path of a folder of them, or of all if it is '.', unpacked when it is first asked
# for: what is one is not a part of the other, so that either may be changed.
source_of() {
	(
		from=$(archive) || exit 1
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

# Lines of a patch: added, removed.
count_lines() {
	awk '/^\+/ && !/^\+\+\+ / { added++ } /^-/ && !/^--- / { removed++ }
		END { print added + 0, removed + 0 }' "$1"
}
