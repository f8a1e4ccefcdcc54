# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # some variables are set for who sources this, others by them
# What checks of DKMS share: each runs in the lab's root, changes it in memory only, and counts.
# Sourced after script.sh. $kernel is the release of the kernel that is checked.
logs=$RESULTS
passed=0 failed=0 skipped=0

# Puts a layer in memory over these folders; it goes with the mounts.
change_in_memory() {
	for folder; do
		layer=/tmp/layers$folder
		mkdir -p "$layer/upper" "$layer/work"
		mount -t overlay -o "lowerdir=$folder,upperdir=$layer/upper,workdir=$layer/work" \
			overlay "$folder"
	done
}

# Prints a line for a check, and after a failure the end of $log.
verdict() {
	echo "$1  $2"
	if [ "$1" = pass ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		sed 's/^/      /' "$log" | tail -n 20
	fi
}

# Runs a step of the check on one kernel and prints a line; the output goes to $log.
check() {
	what=$1
	log=$logs/$kernel/$2.log
	shift 2
	if "$@" >"$log" 2>&1; then
		verdict pass "$kernel: $what"
	else
		verdict FAIL "$kernel: $what"
		return 1
	fi
}

# The path of the module that modprobe would load.
path_of() {
	modinfo -k "$kernel" -n "$1"
}

is_from_dkms() {
	case $(path_of "$1") in
	"/lib/modules/$kernel/updates/dkms/"*) ;;
	*) echo "modprobe would not load the $1 that DKMS installed"; return 1 ;;
	esac
}

# Prints the sums, and fails if a check has failed, or if there was none.
print_sums() {
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
}
