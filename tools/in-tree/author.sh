# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The author of patches, from git's configuration. Sourced by scripts with a function die().

author_has() {
	git config --get "$1" || die "git has no $1, which the author of patches signs them off with: git config $1 '$2'"
}
