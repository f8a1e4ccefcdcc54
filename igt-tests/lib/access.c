// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "../igt_shim.h"
#include "access.h"

#define MAX_CHILDREN 16
/* Of a millisecond each. */
#define SLEEP_TRIES 30000
#define END_SECONDS 20
/* For work that takes long on a busy host or a debug kernel. */
#define END_AT_LAST_SECONDS 45

static sigjmp_buf back;

static pid_t children[MAX_CHILDREN];
static int child_count;

static void jump_back(int signal)
{
	siglongjmp(back, signal);
}

static struct sigaction segv_before, bus_before;
static bool caught;

void catch_signals(void)
{
	struct sigaction catch = { .sa_handler = jump_back, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &catch, &segv_before);
	sigaction(SIGBUS, &catch, &bus_before);
	caught = true;
}

void release_signals(void)
{
	if (!caught)
		return;
	sigaction(SIGSEGV, &segv_before, NULL);
	sigaction(SIGBUS, &bus_before, NULL);
	caught = false;
}

static int signal_of(volatile uint64_t *word, bool write, uint64_t value)
{
	bool was_caught = caught;
	int signal;

	if (!was_caught)
		catch_signals();
	/* SA_NODEFER blocks no signal in the handler: there is no mask to save. */
	signal = sigsetjmp(back, 0);
	if (!signal) {
		if (write)
			*word = value;
		else
			(void)*word;
	}
	if (!was_caught)
		release_signals();
	return signal;
}

int signal_of_reading(const void *address)
{
	return signal_of((volatile uint64_t *)address, false, 0);
}

int signal_of_writing(void *address, uint64_t value)
{
	return signal_of(address, true, value);
}

int error_of_kernel_reading(const void *address)
{
	int pipes[2], error;

	if (pipe(pipes))
		return errno;
	error = write(pipes[1], address, 1) == 1 ? 0 : errno;
	close(pipes[0]);
	close(pipes[1]);
	return error;
}

pid_t fork_child(void)
{
	pid_t pid;

	igt_assert_lt(child_count, MAX_CHILDREN);
	pid = fork();
	igt_assert_lte(0, pid);
	if (pid)
		children[child_count++] = pid;
	return pid;
}

void close_files_but(int kept)
{
	if (kept > 0)
		close_range(0, kept - 1, 0);
	close_range(kept + 1, ~0U, 0);
}

static bool ends_within(pid_t pid, int seconds, int *status)
{
	double end = seconds_now() + seconds;

	while (!waitpid(pid, status, WNOHANG)) {
		if (seconds_now() > end)
			return false;
		usleep(1000);
	}
	return true;
}

bool child_ends(pid_t pid)
{
	return ends_within(pid, END_SECONDS, NULL);
}

bool child_ends_with(pid_t pid, int *status)
{
	return ends_within(pid, END_AT_LAST_SECONDS, status);
}

void kill_children(void)
{
	while (child_count) {
		pid_t pid = children[--child_count];

		/* Unless the subtest has already waited for it. */
		if (waitpid(pid, NULL, WNOHANG) == 0) {
			kill(pid, SIGKILL);
			child_ends(pid);
		}
	}
}

void make_turns(int sockets[2])
{
	igt_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
}

void pass_turn(int socket)
{
	igt_assert_eq(write(socket, "", 1), 1);
}

void await_turn(int socket)
{
	char byte;

	igt_assert_f(read(socket, &byte, 1) == 1, "the other process has ended\n");
}

/*
 * Returns false if there is no such file, or no such text in it. Allocates nothing,
 * because the observed thread may hold the mmap lock.
 */
static bool file_has(pid_t thread, const char *name, const char *text)
{
	char path[48], content[4096];
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", thread, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	length = read(fd, content, sizeof(content) - 1);
	close(fd);
	content[length < 0 ? 0 : length] = '\0';
	return strstr(content, text);
}

/* For a thread that is runnable, /proc/PID/syscall says "running". */
static bool sleeps_in(pid_t thread, const char *function)
{
	return file_has(thread, "stack", function) && !file_has(thread, "syscall", "running");
}

bool sleeps_in_driver(pid_t thread)
{
	return sleeps_in(thread, "ttm_huge_") || sleeps_in(thread, "bigbar_") ||
	       sleeps_in(thread, "plain_bar_") || sleeps_in(thread, "pfnmap_dump_");
}

void await_sleep_in_driver(pid_t thread)
{
	await_sleep_in(thread, NULL);
}

void await_sleep_in(pid_t thread, const char *function)
{
	int tries = 0;

	while (!(function ? sleeps_in(thread, function) : sleeps_in_driver(thread)) &&
	       tries++ < SLEEP_TRIES)
		usleep(1000);
	igt_assert_f(tries < SLEEP_TRIES, "thread %d does not wait in %s\n", thread,
		     function ? function : "the driver");
}

static void *read_in_kernel(void *argument)
{
	struct kernel_reader *reader = argument;

	__atomic_store_n(&reader->id, gettid(), __ATOMIC_RELEASE);
	reader->error = error_of_kernel_reading(reader->address);
	__atomic_store_n(&reader->over, true, __ATOMIC_RELEASE);
	return NULL;
}

void start_kernel_reader(struct kernel_reader *reader)
{
	reader->id = 0;
	reader->over = false;
	igt_assert_eq(pthread_create(&reader->thread, NULL, read_in_kernel, reader), 0);
	while (!__atomic_load_n(&reader->id, __ATOMIC_ACQUIRE))
		usleep(1000);
}

bool kernel_reader_waits(const struct kernel_reader *reader)
{
	while (!__atomic_load_n(&reader->over, __ATOMIC_ACQUIRE)) {
		if (sleeps_in_driver(reader->id))
			return true;
		usleep(1000);
	}
	return false;
}

/* The kernel counts a fault that waited and was repeated as major. */
uint64_t page_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

uint64_t repeated_faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_majflt;
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}
