// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests what mm does with PMD and PUD entries of page frames without struct page: a BAR of a
 * PCI device, mapped by vfio-pci. There is no struct page for such an entry, and code that
 * looks for one, or that takes the entry for a page table, crashes or does something wrong.
 *
 * PFNMAP_DEVICE has to name a PCI device, for example 0000:00:10.0, that vfio-pci is bound to
 * and that has a memory BAR of at least 2 GiB; PFNMAP_BAR is the number of the BAR (default
 * 2). Its contents are overwritten.
 *
 * The tests of races need the debugfs files of two test modules, pauser and zapper.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/mempolicy.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "kselftest_harness.h"

#define PAGE		0x1000ul
#define PMD		0x200000ul
#define PUD		0x40000000ul

#define DEBUGFS		"/sys/kernel/debug/"

/* How often a race that was too slow is run again. */
#define LATE_TRIES	3

/* The page that tests take out of the mapping, which is inside entries of both levels. */
#define INSIDE		(PUD / 2 + 5 * PAGE)

static sigjmp_buf after_signal;
static volatile sig_atomic_t signal_expected;

static void on_signal(int number)
{
	if (!signal_expected)
		_exit(KSFT_FAIL);
	siglongjmp(after_signal, number);
}

/* Returns the signal that ends an access, or 0 if there is none. */
static int read_at(const volatile uint64_t *at, uint64_t *value)
{
	int number = sigsetjmp(after_signal, 1);

	signal_expected = true;
	if (!number)
		*value = *at;
	signal_expected = false;
	return number;
}

static int write_at(volatile uint64_t *at, uint64_t value)
{
	int number = sigsetjmp(after_signal, 1);

	signal_expected = true;
	if (!number)
		*at = value;
	signal_expected = false;
	return number;
}

/* The page faults of this thread. */
static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_minflt + usage.ru_majflt;
}

/* KiB of page tables. */
static long page_tables(void)
{
	FILE *status = fopen("/proc/self/status", "r");
	char line[128];
	long size = -1;

	while (status && size < 0 && fgets(line, sizeof(line), status))
		sscanf(line, "VmPTE: %ld", &size);
	if (status)
		fclose(status);
	return size;
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, text, strlen(text)) < 0)
		error = errno;
	close(fd);
	return error;
}

static bool read_whole(const char *path)
{
	int fd = open(path, O_RDONLY);
	char buffer[4096];
	ssize_t length;

	if (fd < 0)
		return false;
	do
		length = read(fd, buffer, sizeof(buffer));
	while (length > 0);
	close(fd);
	return !length;
}

/* Sends a command to the module that pauses a thread. */
static int pauser(const char *command)
{
	return write_text(DEBUGFS "pauser", command);
}

static int pauser_stop(int instruction, int milliseconds)
{
	char command[64];

	snprintf(command, sizeof(command), "stop %d %d", instruction, milliseconds);
	return pauser(command);
}

/*
 * Probes those of some functions that the kernel has. Each may have been inlined into the
 * next one, or the compiler may have added a suffix to its name. @names ends with NULL.
 */
static bool probe_all(const char * const *names)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	char line[512], symbol[128], command[160];
	const char * const *name;
	bool probed = false;

	while (symbols && fgets(line, sizeof(line), symbols)) {
		if (sscanf(line, "%*s %*1[tT] %127s", symbol) != 1)
			continue;
		for (name = names; *name; name++) {
			if (strncmp(symbol, *name, strlen(*name)) ||
			    (symbol[strlen(*name)] && symbol[strlen(*name)] != '.'))
				continue;
			snprintf(command, sizeof(command), "probe %s", symbol);
			probed |= !pauser(command);
		}
	}
	if (symbols)
		fclose(symbols);
	return probed;
}

/* Removes all entries that map a file, in all processes. */
static int zap(int device)
{
	char command[64];

	snprintf(command, sizeof(command), "%d 1", device);
	return write_text(DEBUGFS "zapper", command);
}

static bool run_on_processor(int number)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(number, &set);
	return !sched_setaffinity(0, sizeof(set), &set);
}

static int open_in(const char *folder, const char *name)
{
	char path[2 * PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, O_RDWR);
}

/* The interface of newer kernels: a file for each device. */
static int open_by_cdev(const char *folder)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	struct dirent *entry;
	int device = -1;
	char path[PATH_MAX];
	DIR *nodes;

	snprintf(path, sizeof(path), "%s/vfio-dev", folder);
	nodes = opendir(path);
	while (nodes && device < 0 && (entry = readdir(nodes))) {
		if (!strncmp(entry->d_name, "vfio", 4))
			device = open_in("/dev/vfio/devices", entry->d_name);
	}
	if (nodes)
		closedir(nodes);
	if (device < 0)
		return -1;

	bind.iommufd = open("/dev/iommu", O_RDWR);
	if (bind.iommufd < 0 || ioctl(device, VFIO_DEVICE_BIND_IOMMUFD, &bind)) {
		close(device);
		return -1;
	}
	return device;
}

/* The interface of older kernels: a file for each group that the IOMMU cannot separate. */
static int open_in_group(int container, int group, const char *name)
{
	if (ioctl(group, VFIO_GROUP_SET_CONTAINER, &container) ||
	    ioctl(container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU))
		return -1;
	return ioctl(group, VFIO_GROUP_GET_DEVICE_FD, name);
}

static int open_by_group(const char *folder, const char *name)
{
	char path[PATH_MAX], link[PATH_MAX] = "";
	int container, group, device, error;

	snprintf(path, sizeof(path), "%s/iommu_group", folder);
	if (readlink(path, link, sizeof(link) - 1) < 0)
		return -1;
	group = open_in("/dev/vfio", strrchr(link, '/') + 1);
	if (group < 0)
		return -1;
	container = open("/dev/vfio/vfio", O_RDWR);
	device = open_in_group(container, group, name);
	if (device < 0) {
		error = errno;
		close(container);
		close(group);
		errno = error;
	}
	return device;
}

/* Tries again while the device is busy: the last process that had it may still be exiting. */
static int open_device(const char *folder, const char *name)
{
	int tries, device = -1;

	for (tries = 0; device < 0 && tries < 50; tries++) {
		if (tries)
			usleep(100000);
		device = open_by_cdev(folder);
		if (device < 0)
			device = open_by_group(folder, name);
		if (device < 0 && errno != EBUSY)
			break;
	}
	return device;
}

static bool find_region(int device, unsigned int index, struct vfio_region_info *region)
{
	*region = (struct vfio_region_info){ .argsz = sizeof(*region), .index = index };
	return !ioctl(device, VFIO_DEVICE_GET_REGION_INFO, region);
}

/*
 * Sets whether the device responds to accesses. vfio-pci removes all entries before it disables
 * this.
 */
static bool enable_memory(int device, bool enable)
{
	struct vfio_region_info config;
	uint16_t command;
	off_t at;

	if (!find_region(device, VFIO_PCI_CONFIG_REGION_INDEX, &config))
		return false;
	at = config.offset + PCI_COMMAND;
	if (pread(device, &command, sizeof(command), at) != sizeof(command))
		return false;
	if (enable)
		command |= PCI_COMMAND_MEMORY;
	else
		command &= ~PCI_COMMAND_MEMORY;
	return pwrite(device, &command, sizeof(command), at) == sizeof(command);
}

FIXTURE(bar)
{
	int device;
	int kernel_log;
	unsigned long offset;
	/* PUD bytes, with reserved address space after them */
	char *map;
};

FIXTURE_VARIANT(bar)
{
	/* of the address, from a multiple of PUD */
	unsigned long shift;
	/* that touching all PMD sized parts takes */
	long faults;
};

FIXTURE_VARIANT_ADD(bar, pmd)
{
	.shift = PMD,
	.faults = PUD / PMD,
};

FIXTURE_VARIANT_ADD(bar, pud)
{
	.faults = 1,
};

/* Writes its own offset to each part, and to the page that tests take out. */
static long touch_all(char *map)
{
	long before = faults();
	unsigned long at;

	for (at = 0; at < PUD; at += PMD)
		*(volatile uint64_t *)(map + at) = at;
	*(volatile uint64_t *)(map + INSIDE) = INSIDE;
	return faults() - before;
}

/* Returns how many parts of a mapping do not have what touch_all() wrote. */
static int count_wrong(char *map)
{
	unsigned long at;
	uint64_t value;
	int wrong = 0;

	for (at = 0; at < PUD; at += PMD)
		wrong += read_at((void *)(map + at), &value) || value != at;
	return wrong;
}

/* Prints the kernel's reports of problems, and returns their number. */
static int count_complaints(struct __test_metadata *_metadata, int kernel_log)
{
	static const char * const words[] = {
		"bad pud", "bad pmd", "WARNING:", "BUG:", "Bad page", NULL
	};
	const char * const *word;
	char record[2048];
	int count = 0;
	ssize_t length;

	for (;;) {
		length = read(kernel_log, record, sizeof(record) - 1);
		if (length < 0 && errno == EPIPE)
			continue;
		if (length <= 0)
			return count;
		record[length] = '\0';
		for (word = words; *word; word++) {
			if (!strstr(record, *word))
				continue;
			TH_LOG("the kernel: %.*s", (int)strcspn(strchr(record, ';') + 1, "\n"),
			       strchr(record, ';') + 1);
			count++;
			break;
		}
	}
}

FIXTURE_SETUP(bar)
{
	const char *name = getenv("PFNMAP_DEVICE"), *index = getenv("PFNMAP_BAR");
	struct vfio_region_info region;
	char folder[128];
	long tables, count;
	char *space;

	if (!name)
		SKIP(return, "PFNMAP_DEVICE is not set");
	signal(SIGSEGV, on_signal);
	signal(SIGBUS, on_signal);
	snprintf(folder, sizeof(folder), "/sys/bus/pci/devices/%.64s", name);
	self->device = open_device(folder, name);
	if (self->device < 0)
		SKIP(return, "vfio-pci does not have %s, or there is no IOMMU", name);
	ASSERT_TRUE(find_region(self->device, index ? atoi(index) : 2, &region));
	if (region.size < 2 * PUD)
		SKIP(return, "the BAR of %s is smaller than 2 GiB", name);
	self->offset = region.offset;
	self->kernel_log = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
	ASSERT_GE(self->kernel_log, 0);
	lseek(self->kernel_log, 0, SEEK_END);

	space = mmap(NULL, 6 * PUD, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(space, MAP_FAILED);
	space = (char *)(((unsigned long)space + PUD - 1) & ~(PUD - 1)) + variant->shift;
	self->map = mmap(space, PUD, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 self->device, self->offset);
	ASSERT_EQ(self->map, space);

	tables = page_tables();
	count = touch_all(self->map);
	if (page_tables() - tables >= (long)(PUD / PMD * PAGE / 1024))
		SKIP(return, "vfio-pci of this kernel has no huge entries");
	if (variant->faults == 1 && count == PUD / PMD)
		SKIP(return, "vfio-pci of this kernel has no PUD entries");
	ASSERT_EQ(variant->faults, count);
	ASSERT_EQ(0, count_wrong(self->map));
}

FIXTURE_TEARDOWN(bar)
{
	pauser("end");
	EXPECT_EQ(0, count_complaints(_metadata, self->kernel_log));
}

/* A part of a mapping is unmapped, and the rest stays. */
TEST_F(bar, munmap_page)
{
	uint64_t value;

	ASSERT_EQ(0, munmap(self->map + INSIDE, PAGE));
	EXPECT_EQ(SIGSEGV, read_at((void *)(self->map + INSIDE), &value));
	EXPECT_EQ(0, count_wrong(self->map));
}

TEST_F(bar, mprotect_page)
{
	uint64_t value = 0;

	ASSERT_EQ(0, mprotect(self->map + INSIDE, PAGE, PROT_READ));
	EXPECT_EQ(SIGSEGV, write_at((void *)(self->map + INSIDE), 1));
	EXPECT_EQ(0, read_at((void *)(self->map + INSIDE), &value));
	EXPECT_EQ(INSIDE, value);
	EXPECT_EQ(0, count_wrong(self->map));
	EXPECT_EQ(0, write_at((void *)(self->map + INSIDE + PAGE), 1));
}

TEST_F(bar, madvise_page)
{
	uint64_t value = 0;

	ASSERT_EQ(0, madvise(self->map + INSIDE, PAGE, MADV_RANDOM));
	EXPECT_EQ(0, read_at((void *)(self->map + INSIDE), &value));
	EXPECT_EQ(INSIDE, value);
	EXPECT_EQ(0, count_wrong(self->map));
}

TEST_F(bar, mremap_page)
{
	char *to = self->map + 2 * PUD + PAGE;
	uint64_t value = 0;

	ASSERT_EQ(to, mremap(self->map + INSIDE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	EXPECT_EQ(0, read_at((void *)to, &value));
	EXPECT_EQ(INSIDE, value);
	EXPECT_EQ(SIGSEGV, read_at((void *)(self->map + INSIDE), &value));
	EXPECT_EQ(0, count_wrong(self->map));
}

/* The whole mapping moves with its entries. */
TEST_F(bar, mremap_whole)
{
	char *to = self->map + 2 * PUD;
	uint64_t value;
	long before;

	ASSERT_EQ(to, mremap(self->map, PUD, PUD, MREMAP_MAYMOVE | MREMAP_FIXED, to));
	before = faults();
	EXPECT_EQ(0, count_wrong(to));
	EXPECT_EQ(0, faults() - before);
	EXPECT_EQ(SIGSEGV, read_at((void *)self->map, &value));
}

/* This walks down to the PTEs, and splits PUD entries on the way. */
static int bind_strictly(char *map)
{
	unsigned long node = 1;

	return syscall(SYS_mbind, map, PUD, MPOL_BIND, &node, 8 * sizeof(node), MPOL_MF_STRICT);
}

/* This must not fail: there are no pages that could be on a wrong node. */
TEST_F(bar, mbind_strict)
{
	int ret = bind_strictly(self->map);

	if (ret && errno == ENOSYS)
		SKIP(return, "this kernel has no mbind()");
	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, count_wrong(self->map));
}

/* Reading counts must not remove entries. */
static void read_counts(struct __test_metadata *_metadata, char *map, const char *path)
{
	if (access(path, R_OK))
		SKIP(return, "this kernel has no %s", path);
	ASSERT_TRUE(read_whole(path));
	EXPECT_EQ(0, touch_all(map));
}

TEST_F(bar, read_smaps)
{
	read_counts(_metadata, self->map, "/proc/self/smaps");
}

TEST_F(bar, read_numa_maps)
{
	read_counts(_metadata, self->map, "/proc/self/numa_maps");
}

static bool has_modules(void)
{
	return !access(DEBUGFS "pauser", W_OK) && !access(DEBUGFS "zapper", W_OK);
}

static bool wait_until_told(int pipe_end)
{
	char byte;

	return read(pipe_end, &byte, 1) == 1;
}

static bool tell(int pipe_end)
{
	return write(pipe_end, "", 1) == 1;
}

/* A process, and pipes by which it and this process tell each other to go on. */
struct helper {
	pid_t pid;
	int told[2];
	int ready[2];
};

static void close_helper(struct helper *helper)
{
	close(helper->told[0]);
	close(helper->told[1]);
	close(helper->ready[0]);
	close(helper->ready[1]);
}

/* The return value of @work becomes the exit status of the process. */
static bool fork_helper(struct helper *helper, int (*work)(const struct helper *helper, int device,
							   char *map), int device, char *map)
{
	if (pipe(helper->told) || pipe(helper->ready))
		return false;
	helper->pid = fork();
	if (!helper->pid) {
		close(helper->told[1]);
		close(helper->ready[0]);
		_exit(work(helper, device, map));
	}
	return helper->pid > 0;
}

/* Returns the exit status of the process, or -1 if it did not exit. */
static int end_helper(struct helper *helper)
{
	int status = 0;

	close_helper(helper);
	if (waitpid(helper->pid, &status, 0) != helper->pid || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/*
 * Runs on the processor of the thread that is paused, and before it when the pause is over. It
 * does not touch the mapping, because fork() keeps faults out. Returns 0 if it has disabled
 * the device, ECANCELED if no thread was paused, or another error.
 */
static int disable_when_paused(const struct helper *helper, int device, char *map)
{
	struct sched_param priority = { .sched_priority = 1 };
	int error;

	munmap(map, PUD);
	if (sched_setscheduler(0, SCHED_FIFO, &priority))
		return errno;
	if (!tell(helper->ready[1]) || !wait_until_told(helper->told[0]))
		return 255;
	error = pauser("wait 5000");
	if (error && error != ETIME)
		return error;
	return enable_memory(device, false) ? 0 : EIO;
}

/* Accesses the mapping when told to, and returns the signal that ends the access, or 0. */
static int touch_when_told(const struct helper *helper, int device, char *map)
{
	uint64_t value;

	return wait_until_told(helper->told[0]) ? read_at((void *)map, &value) : 255;
}

enum outcome {
	RIGHT,
	WRONG,
	NO_MORE,	/* the function has fewer instructions */
	FAILED,		/* the test itself does not work */
};

/*
 * While fork() copies an entry, the device is disabled at an @instruction of the copy. After
 * that no process may have an entry for it.
 */
static enum outcome fork_while_disabled(int device, char *map, int instruction)
{
	struct helper disabler, toucher;
	int error, signal;

	*(volatile uint64_t *)map = 0;
	if (!fork_helper(&disabler, disable_when_paused, device, map))
		return FAILED;
	if (!wait_until_told(disabler.ready[0]) || pauser_stop(instruction, 10) ||
	    !tell(disabler.told[1]) || !fork_helper(&toucher, touch_when_told, device, map)) {
		end_helper(&disabler);
		return FAILED;
	}
	pauser("release");
	error = end_helper(&disabler);
	tell(toucher.told[1]);
	signal = end_helper(&toucher);
	if (error == ECANCELED)
		return NO_MORE;
	if (error || !enable_memory(device, true))
		return FAILED;
	return signal == SIGBUS ? RIGHT : WRONG;
}

/* Going through all instructions takes some seconds. */
TEST_F_TIMEOUT(bar, fork_while_disabled, 300)
{
	static const char * const functions[] = { "copy_huge_pmd", NULL };
	enum outcome outcome = RIGHT;
	int instruction;

	if (variant->faults == 1)
		SKIP(return, "fork reads a PUD entry with its lock held");
	if (!has_modules())
		SKIP(return, "the modules pauser and zapper are not loaded");
	ASSERT_TRUE(probe_all(functions));
	ASSERT_TRUE(run_on_processor(0));
	for (instruction = 1; outcome == RIGHT; instruction++)
		outcome = fork_while_disabled(self->device, self->map, instruction);
	TH_LOG("went through %d instructions", instruction - 2);
	EXPECT_GT(instruction, 10);
	EXPECT_EQ(NO_MORE, outcome);
}

/* A thread that is paused while it changes what the main thread has mapped. */
struct racer {
	int (*act)(struct racer *racer);	/* 0, or -1 if it failed */
	int device;
	char *map;
	char *to;
	bool writes;		/* the main thread writes before, so has a translation */
	int instruction;
	int error;
	int reach_error;
	bool is_late;		/* the pause was over before the race was */
	int late_tries;
	pthread_t thread;
	pthread_barrier_t armed;
};

static int race_by_zap(struct racer *racer)
{
	return zap(racer->device) ? -1 : 0;
}

static int race_by_split(struct racer *racer)
{
	return bind_strictly(racer->map);
}

static int race_by_mremap(struct racer *racer)
{
	return mremap(racer->map, PUD, PUD, MREMAP_MAYMOVE | MREMAP_FIXED, racer->to) == racer->to ?
	       0 : -1;
}

static void *race(void *data)
{
	struct racer *racer = data;

	if (!run_on_processor(1))
		racer->error = errno;
	if (pauser_stop(racer->instruction, 200))
		racer->error = EIO;
	pthread_barrier_wait(&racer->armed);
	if (racer->act(racer))
		racer->error = EIO;
	racer->reach_error = pauser("release");
	return NULL;
}

/*
 * Returns the error of the pauser's "wait": after ETIME the race has to be repeated. end_race()
 * has to follow.
 */
static int begin_race(struct racer *racer)
{
	int error;

	pthread_barrier_init(&racer->armed, NULL, 2);
	if (pthread_create(&racer->thread, NULL, race, racer))
		exit(KSFT_FAIL);
	pthread_barrier_wait(&racer->armed);
	do {
		if (racer->writes)
			*(volatile uint64_t *)racer->map = 0;
		error = pauser("wait 0");
	} while (error == ETIMEDOUT);
	return error;
}

/*
 * On a busy host a pause may be over before the main thread has noticed it, or before it is
 * done. Then what was found says nothing of this instruction. Some pauses end by themselves.
 */
static void repeat_if_late(struct racer *racer, int *error)
{
	if (*error == ETIME || (!*error && racer->is_late && racer->late_tries++ < LATE_TRIES)) {
		*error = 0;
		racer->instruction--;
	} else {
		racer->late_tries = 0;
	}
}

/* Ends the race; returns whether both threads agree on whether there was a pause. */
static bool end_race(struct racer *racer, int error)
{
	racer->is_late = pauser("check") == ETIME;
	pauser("release");
	pthread_join(racer->thread, NULL);
	pthread_barrier_destroy(&racer->armed);
	return !racer->error && racer->reach_error == (error == ECANCELED ? ECANCELED : 0);
}

/*
 * A zap comes while a mapping moves. It has to find the entry at the old or at the new
 * address, so the next access has to fault.
 */
TEST_F_TIMEOUT(bar, mremap_while_zapped, 300)
{
	/* For PMDs not move_page_tables(), which has too many instructions for 512 entries. */
	static const char * const of_pmds[] = { "move_huge_pmd", NULL };
	static const char * const of_puds[] = {
		"move_page_tables", "move_pgt_entry", "move_huge_pud", NULL
	};
	struct racer racer = { .act = race_by_mremap, .device = self->device, .map = self->map,
			       .to = self->map + 2 * PUD };
	int error = 0, zap_error = 0;
	bool missed = false;
	long before;
	char *from;

	if (!has_modules())
		SKIP(return, "the modules pauser and zapper are not loaded");
	ASSERT_TRUE(probe_all(variant->faults == 1 ? of_puds : of_pmds));
	ASSERT_TRUE(run_on_processor(0));
	for (racer.instruction = 1; !error && !missed; racer.instruction++) {
		ASSERT_EQ(0, zap(self->device));
		*(volatile uint64_t *)racer.map = 0;
		error = begin_race(&racer);
		if (!error)
			zap_error = zap(self->device);
		ASSERT_TRUE(end_race(&racer, error));
		ASSERT_EQ(0, zap_error);
		before = faults();
		*(volatile uint64_t *)racer.to = 0;
		missed = !error && faults() == before;
		from = racer.map;
		racer.map = racer.to;
		racer.to = from;
		repeat_if_late(&racer, &error);
	}
	TH_LOG("went through %d instructions", racer.instruction - 2);
	EXPECT_GT(racer.instruction, 20);
	EXPECT_FALSE(missed);
	EXPECT_EQ(missed ? 0 : ECANCELED, error);
}

/*
 * A fault comes during a zap that does not exclude faults, like the zaps of drivers at a reset.
 * The new entry has to stay, or to be removed correctly.
 */
TEST_F_TIMEOUT(bar, touch_while_zapped, 300)
{
	static const char * const functions[] = {
		"zap_pud_range", "zap_p4d_range", "__zap_vma_range", "unmap_page_range", NULL
	};
	struct racer racer = { .act = race_by_zap, .device = self->device, .map = self->map };
	int complaints = 0, error = 0;

	if (variant->faults != 1)
		SKIP(return, "a zap only checks whether there is no PMD");
	if (!has_modules())
		SKIP(return, "the modules pauser and zapper are not loaded");
	ASSERT_TRUE(probe_all(functions));
	ASSERT_TRUE(run_on_processor(0));
	for (racer.instruction = 1; !error && !complaints; racer.instruction++) {
		ASSERT_EQ(0, zap(self->device));
		error = begin_race(&racer);
		*(volatile uint64_t *)self->map = 0;
		ASSERT_TRUE(end_race(&racer, error));
		complaints = count_complaints(_metadata, self->kernel_log);
		repeat_if_late(&racer, &error);
	}
	TH_LOG("went through %d instructions", racer.instruction - 2);
	EXPECT_GT(racer.instruction, 30);
	EXPECT_EQ(0, complaints);
	EXPECT_EQ(complaints ? 0 : ECANCELED, error);
}

/* Whether, after a zap, this processor still writes through its translation. */
static bool is_stale_after_zap(int device, char *map)
{
	bool stale;
	long before;
	int error;

	*(volatile uint64_t *)map = 1;
	error = zap(device);
	before = faults();
	*(volatile uint64_t *)map = 2;
	stale = faults() == before;
	return !error && stale;
}

/*
 * A zap comes while an entry is split. When the zap has returned, no processor may have a
 * translation, which this processor would still use without a fault.
 */
TEST_F_TIMEOUT(bar, zap_while_split, 300)
{
	static const char * const functions[] = {
		"__split_huge_pud", "__split_huge_pud_locked", "pudp_huge_clear_flush",
		"pudp_invalidate", NULL
	};
	struct racer racer = { .act = race_by_split, .device = self->device, .map = self->map,
			       .writes = true };
	bool stale = false;
	int error = 0;

	if (variant->faults != 1)
		SKIP(return, "no code splits a PMD entry while others zap");
	if (!has_modules())
		SKIP(return, "the modules pauser and zapper are not loaded");
	ASSERT_TRUE(probe_all(functions));
	ASSERT_TRUE(run_on_processor(0));
	for (racer.instruction = 1; !error && !stale; racer.instruction++) {
		*(volatile uint64_t *)self->map = 0;
		error = begin_race(&racer);
		stale = !error && is_stale_after_zap(self->device, self->map);
		ASSERT_TRUE(end_race(&racer, error));
		repeat_if_late(&racer, &error);
	}
	TH_LOG("went through %d instructions", racer.instruction - 2);
	EXPECT_GT(racer.instruction, 20);
	EXPECT_FALSE(stale);
	EXPECT_EQ(stale ? 0 : ECANCELED, error);
}

TEST_HARNESS_MAIN
