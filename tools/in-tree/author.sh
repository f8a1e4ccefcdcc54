# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Who sends patches, as git has it. Read by scripts that have a function die().

author_has() {
	git config --get "$1" || die "git has no $1, and who sends patches signs them off: git config $1 '$2'"
}
