# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What scripts do in the same way. Each sources this first, except those that have to run
# without the rest of the project. Afterwards a script may set
#   me            the name that its messages begin with
#   error_status  its exit status if it cannot go on
me=${0##*/}
error_status=1

# Ends the script, with the reason.
die() {
	echo "$me: $*" >&2
	exit "$error_status"
}

# Keeps the standard input as the text that says how to call the script, and shows it if the
# script is asked for it. $1 is the number of arguments that the script needs, with a + if it
# takes more; after that come its arguments.
takes() {
	usage_text=
	while IFS= read -r usage_line; do
		usage_text="$usage_text$usage_line
"
	done
	case ${2:-} in
	--help | -h) usage; exit 0 ;;
	esac
	case $1 in
	*+) [ "$#" -gt "${1%+}" ] ;;
	*) [ "$#" -eq "$(($1 + 1))" ] ;;
	esac || misused
}

usage() {
	printf %s "$usage_text"
}

# Ends the script, which was called in a wrong way.
misused() {
	usage >&2
	exit "$error_status"
}

# Whether the standard input is what the file $1 has. Reads all of it, other than cmp -s, so that
# nobody writes to a pipe that has no reader.
same_as() {
	[ "$(cat)" = "$(cat "$1" 2>/dev/null)" ]
}

# Announces a step, runs it with its output in the file $log, and says how long it took. If it
# fails, shows the end of the file and ends the script.
# shellcheck disable=SC2154 # $log is the script's
step() {
	echo "$me: $1"
	shift
	step_began=$(date +%s)
	if ! "$@" >>"$log" 2>&1; then
		echo "$me: failed after $(($(date +%s) - step_began)) s; the end of $log:" >&2
		tail -n 20 "$log" >&2
		exit "$error_status"
	fi
	echo "$me: done in $(($(date +%s) - step_began)) s"
}
