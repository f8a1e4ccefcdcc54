# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The packaged source of the kernel $KVER. Read by scripts that run in the lab's root and
# have a function die().

# Debian's package of a release has the version of the source package.
kernel_version() {
	dpkg-query -W -f='${Version}' "linux-image-$KVER" 2>/dev/null ||
		die "there is no package linux-image-$KVER: pick a kernel that Debian has built by KERNEL="
}

# 7.2 of 7.2.12-1
series_of() {
	echo "$1" | sed 's/^\([0-9]*\.[0-9]*\).*/\1/'
}

# Not to be installed: others in the lab look for one linux-source in /usr/src.
fetch_archive() {
	package=$1 version=$2 file=$3
	mkdir -p "${file%/*}"
	(
		cd "${file%/*}" || exit 1
		rm -f ./*.deb	# of a download that was ended
		echo "lab: fetching $package $version, about 160 MB" >&2
		apt-get -qq -o APT::Sandbox::User=root download "$package=$version" >&2 ||
			die "the mirror has no $package of version $version: run 'lab setup' for a kernel that it has"
		dpkg-deb --fsys-tarfile ./*.deb | tar -xO "./usr/src/${file##*/}" >"$file.new"
		rm ./*.deb
		mv "$file.new" "$file"
	)
}

# Prints where it is.
kernel_archive() {
	version=$(kernel_version) || exit 1
	package=linux-source-$(series_of "$version")
	file=/usr/src/$package.tar.xz
	if [ "$(dpkg-query -W -f='${Version}' "$package" 2>/dev/null)" != "$version" ]; then
		file=/lab/archives/$version/$package.tar.xz
		[ -e "$file" ] || fetch_archive "$package" "$version" "$file" || exit 1
	fi
	echo "$file"
}

# Unpacks an archive to a folder, unless that came from it already; whole or not at all. What
# was done to an old one goes with it.
unpack_archive() {
	archive=$1 source=$2
	! stat -c '%n %s %y' "$archive" | cmp -s - "$source.archive" || return 0
	echo "lab: unpacking $archive, about 40 s" >&2
	rm -rf "$source" "$source.git" "$source.archive" "$source.new"
	mkdir -p "$source.new"
	tar -C "$source.new" --strip-components=1 -xf "$archive"
	mv "$source.new" "$source"
	stat -c '%n %s %y' "$archive" >"$source.archive"
}
