# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The packaged source of a kernel; kernel_archive() finds that of the kernel $KVER. Sourced after
# script.sh by scripts that run in the lab's root.

# The version of Debian's package of the image is also that of the source package.
kernel_version() {
	dpkg-query -W -f='${Version}' "linux-image-$KVER" 2>/dev/null ||
		die "there is no package linux-image-$KVER: pick a kernel that Debian has built by KERNEL="
}

# 7.2.12-1 is of series 7.2
series_of() {
	echo "$1" | sed 's/^\([0-9]*\.[0-9]*\).*/\1/'
}

# Does not install the package: other scripts of the lab expect one linux-source in /usr/src.
fetch_archive() {
	package=$1 version=$2 file=$3
	mkdir -p "${file%/*}"
	(
		cd "${file%/*}" || exit 1
		rm -f ./*.deb	# left by a download that was interrupted
		echo "lab: fetching $package $version, about 160 MB" >&2
		apt-get -qq -o APT::Sandbox::User=root download "$package=$version" >&2 ||
			die "the mirror has no $package of version $version: run 'lab setup' to get a kernel that it has"
		dpkg-deb --fsys-tarfile ./*.deb | tar -xO "./usr/src/${file##*/}" >"$file.new"
		rm ./*.deb
		mv "$file.new" "$file"
	)
}

# Prints the path of the archive.
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

# Unpacks an archive to a folder, unless the folder already comes from this archive; completely
# or not at all. Removes an old folder with all changes that were made there.
unpack_archive() {
	archive=$1 source=$2
	! stat -c '%n %s %y' "$archive" | same_as "$source.archive" || return 0
	echo "lab: unpacking $archive, about 40 s" >&2
	rm -rf "$source" "$source.git" "$source.archive" "$source.new" &&
		mkdir -p "$source.new" &&
		tar -C "$source.new" --strip-components=1 -xf "$archive" &&
		mv "$source.new" "$source" &&
		stat -c '%n %s %y' "$archive" >"$source.archive"
}
