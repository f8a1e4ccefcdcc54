// SPDX-License-Identifier: MIT

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <xf86drm.h>

#include "../igt_shim.h"
#include "access.h"
#include "bigbar_drm.h"
#include "fuzz.h"
#include "huge_device.h"
#include "subtest.h"

/*
 * Far below the addresses that the kernel chooses by itself. It is small, to bound the use
 * of memory, and so that calls meet mappings that earlier ones have left.
 */
#define ARENA ((char *)(uintptr_t)GIB(64))
#define ARENA_SIZE MIB(256)
#define PLACE_SIZE MIB(4)
#define BUFFER_SIZE KIB(64)
/* Past the end of user addresses, also with page tables of five levels. */
#define TOO_LONG (UINT64_C(1) << 57)

/* In the table below one letter names each argument, and says which values are right. */
typedef int (*make_fn)(struct fuzz_stage *stage, const uint64_t *values);

static int result_of(int64_t result)
{
	return result < 0 ? errno : 0;
}

static int call(struct fuzz_stage *stage, uint64_t file, unsigned long request, void *argument)
{
	return result_of(drmIoctl(stage->files[file % 2], request, argument));
}

static int make_device_info(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_bigbar_device_info arg = { .vram_size = v[1], .vram_used = v[2] };

	return call(stage, v[0], DRM_IOCTL_BIGBAR_DEVICE_INFO, &arg);
}

static void close_slot(struct fuzz_stage *stage, unsigned int slot)
{
	if (stage->handles[slot])
		drmCloseBufferHandle(stage->files[slot % 2], stage->handles[slot]);
	stage->handles[slot] = 0;
}

static int make_create(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_bigbar_gem_create create = {
		.size = v[1],
		.placement = v[2],
		.flags = v[3],
		.handle = v[4],
		.pad = v[5],
	};
	struct drm_bigbar_gem_mmap_offset offset = {};
	unsigned int slot = v[0] % FUZZ_SLOTS;
	int error;

	close_slot(stage, slot);
	error = call(stage, slot, DRM_IOCTL_BIGBAR_GEM_CREATE, &create);
	if (error)
		return error;
	stage->handles[slot] = create.handle;
	offset.handle = create.handle;
	error = call(stage, slot, DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET, &offset);
	stage->offsets[slot] = offset.offset;
	/* EPROTO, because it is no error of the ioctl: a wrong result. */
	if (!error && (!create.handle || create.size < v[1]))
		error = EPROTO;
	return error;
}

static int make_mmap_offset(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_bigbar_gem_mmap_offset arg = { .handle = v[1], .pad = v[2], .offset = v[3] };

	return call(stage, v[0], DRM_IOCTL_BIGBAR_GEM_MMAP_OFFSET, &arg);
}

static int make_move(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_bigbar_gem_move arg = {
		.handle = v[1],
		.placement = v[2],
		.flags = v[3],
		.pad = v[4],
	};

	return call(stage, v[0], DRM_IOCTL_BIGBAR_GEM_MOVE, &arg);
}

static int make_info(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_bigbar_gem_info arg = {
		.handle = v[1],
		.placement = v[2],
		.flags = v[3],
		.pad = v[4],
		.size = v[5],
		.alignment = v[6],
	};

	return call(stage, v[0], DRM_IOCTL_BIGBAR_GEM_INFO, &arg);
}

static int make_dirty(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_bigbar_gem_dirty arg = {
		.handle = v[1],
		.op = v[2],
		.first_page = v[3],
		.nr_pages = v[4],
		.bitmap = v[5],
	};

	return call(stage, v[0], DRM_IOCTL_BIGBAR_GEM_DIRTY, &arg);
}

static int make_prefault(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_bigbar_prefault arg = { .address = v[1], .length = v[2], .done = v[3] };
	int error = call(stage, v[0], DRM_IOCTL_BIGBAR_PREFAULT, &arg);

	/* done is filled in also on error. */
	if ((error != EFAULT && arg.done > v[2]) || (!error && arg.done != v[2]))
		error = EPROTO;
	return error;
}

static int make_close(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_gem_close arg = { .handle = v[1], .pad = v[2] };

	return call(stage, v[0], DRM_IOCTL_GEM_CLOSE, &arg);
}

static void close_dma_buf(struct fuzz_stage *stage, unsigned int slot)
{
	if (stage->dma_bufs[slot] > 0)
		close(stage->dma_bufs[slot]);
	stage->dma_bufs[slot] = 0;
}

static int make_export(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_prime_handle arg = { .handle = v[1], .flags = v[2], .fd = v[3] };
	unsigned int slot = v[0] % FUZZ_SLOTS;
	int error;

	close_dma_buf(stage, slot);
	error = call(stage, slot, DRM_IOCTL_PRIME_HANDLE_TO_FD, &arg);
	if (!error)
		stage->dma_bufs[slot] = arg.fd;
	return error;
}

static int make_import(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_prime_handle arg = { .fd = v[1], .flags = v[2], .handle = v[3] };

	return call(stage, v[0], DRM_IOCTL_PRIME_FD_TO_HANDLE, &arg);
}

static int make_flink(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_gem_flink arg = { .handle = v[1], .name = v[2] };

	return call(stage, v[0], DRM_IOCTL_GEM_FLINK, &arg);
}

static int make_open(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_gem_open arg = { .name = v[1], .handle = v[2], .size = v[3] };

	return call(stage, v[0], DRM_IOCTL_GEM_OPEN, &arg);
}

static int make_dumb(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_mode_create_dumb create = {
		.width = v[1] * 300,
		.height = v[2] * 300,
		.bpp = v[3] % 6 ? v[3] % 6 * 8 : v[3],
		.flags = v[4],
	};
	struct drm_mode_map_dumb map = {};
	unsigned int slot = v[0] % FUZZ_SLOTS;
	int error;

	close_slot(stage, slot);
	error = call(stage, slot, DRM_IOCTL_MODE_CREATE_DUMB, &create);
	if (error)
		return error;
	stage->handles[slot] = create.handle;
	map.handle = create.handle;
	error = call(stage, slot, DRM_IOCTL_MODE_MAP_DUMB, &map);
	stage->offsets[slot] = map.offset;
	return error;
}

static int make_map_dumb(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_mode_map_dumb arg = { .handle = v[1], .pad = v[2], .offset = v[3] };

	return call(stage, v[0], DRM_IOCTL_MODE_MAP_DUMB, &arg);
}

static int make_destroy_dumb(struct fuzz_stage *stage, const uint64_t *v)
{
	struct drm_mode_destroy_dumb arg = { .handle = v[1] };

	return call(stage, v[0], DRM_IOCTL_MODE_DESTROY_DUMB, &arg);
}

/* Any number, direction and size; the first words are given, the rest is zero. */
static int make_ioctl(struct fuzz_stage *stage, const uint64_t *v)
{
	uint64_t words[(1 << _IOC_SIZEBITS) / sizeof(uint64_t)] = { v[4], v[5], v[6], v[7] };

	return call(stage, v[0], _IOC(v[2], 'd', v[1], v[3]), words);
}

static bool is_in_arena(const char *address)
{
	return address >= ARENA && address < ARENA + ARENA_SIZE;
}

/* Removes a mapping outside the arena, which later calls would not reach. */
static int keep_in_arena(char *address, uint64_t length)
{
	if (address == MAP_FAILED)
		return errno;
	if (!is_in_arena(address))
		munmap(address, length);
	return 0;
}

static int map(int fd, const uint64_t *v)
{
	char *address = mmap((void *)v[1], v[2], v[3], v[4], fd, v[5]);

	return keep_in_arena(address, v[2]);
}

static int make_mmap(struct fuzz_stage *stage, const uint64_t *v)
{
	return map(stage->files[v[0] % 2], v);
}

static int make_mmap_dma_buf(struct fuzz_stage *stage, const uint64_t *v)
{
	(void)stage;
	return map(v[0], v);
}

static int make_munmap(struct fuzz_stage *stage, const uint64_t *v)
{
	(void)stage;
	return result_of(munmap((void *)v[0], v[1]));
}

static int make_mprotect(struct fuzz_stage *stage, const uint64_t *v)
{
	(void)stage;
	return result_of(mprotect((void *)v[0], v[1], v[2]));
}

static int make_mremap(struct fuzz_stage *stage, const uint64_t *v)
{
	(void)stage;
	return keep_in_arena(mremap((void *)v[0], v[1], v[2], v[3], v[4]), v[2]);
}

static int make_madvise(struct fuzz_stage *stage, const uint64_t *v)
{
	(void)stage;
	return result_of(madvise((void *)v[0], v[1], v[2]));
}

static int make_msync(struct fuzz_stage *stage, const uint64_t *v)
{
	(void)stage;
	return result_of(msync((void *)v[0], v[1], v[2]));
}

static int make_mlock(struct fuzz_stage *stage, const uint64_t *v)
{
	(void)stage;
	return result_of(v[2] % 2 ? munlock((void *)v[0], v[1]) : mlock((void *)v[0], v[1]));
}

static int make_mincore(struct fuzz_stage *stage, const uint64_t *v)
{
	return result_of(mincore((void *)v[0], v[1], (unsigned char *)stage->buffer));
}

/* SIGSEGV counts as EFAULT; SIGBUS becomes an error that no call may return. */
static int error_of_signal(int signal)
{
	if (!signal)
		return 0;
	return signal == SIGSEGV ? EFAULT : EREMOTEIO;
}

static int make_read(struct fuzz_stage *stage, const uint64_t *v)
{
	(void)stage;
	return error_of_signal(signal_of_reading((void *)v[0]));
}

static int make_write(struct fuzz_stage *stage, const uint64_t *v)
{
	(void)stage;
	return error_of_signal(signal_of_writing((void *)v[0], v[1]));
}

static int make_peek(struct fuzz_stage *stage, const uint64_t *v)
{
	uint64_t length = v[1] % BUFFER_SIZE;

	return result_of(v[2] % 2 ? pwrite(stage->memory, stage->buffer, length, v[0]) :
				    pread(stage->memory, stage->buffer, length, v[0]));
}

static int make_fork(struct fuzz_stage *stage, const uint64_t *v)
{
	pid_t child = fork();
	int status = 0, error;

	(void)stage;
	if (!child) {
		signal_of_reading((void *)v[0]);
		signal_of_writing((void *)v[1], v[0]);
		_exit(0);
	}
	error = result_of(child) ?: result_of(waitpid(child, &status, 0));
	/* ECHILD, which no call may return, for a child that did not exit well. */
	return error ?: (status ? ECHILD : 0);
}

/* What an ioctl may return for a number that it does not know. */
#define ANY_ERRORS EINVAL, EACCES, ENOENT, EFAULT, EOPNOTSUPP, ENOSYS, ENOTTY, EPERM, ENODEV, \
		   EBADF, E2BIG, EEXIST, ENOSPC, EBUSY, ENOMEM, EAGAIN, ENODATA

/* The errors are those that the uAPI header or the manual page documents. */
static const struct {
	const char *name;
	const char *arguments;
	make_fn make;
	unsigned int weight;
	int errors[18];
} functions[] = {
	{ "device_info", "F00", make_device_info, 2, {} },
	{ "create", "Snpg00", make_create, 12, { EINVAL, E2BIG, ENOMEM, ENOSPC } },
	{ "mmap_offset", "Fh00", make_mmap_offset, 3, { EINVAL, ENOENT } },
	{ "move", "Fhp00", make_move, 10, { EINVAL, ENOENT, ENOMEM } },
	{ "info", "Fh00000", make_info, 4, { EINVAL, ENOENT } },
	{ "dirty", "FhtfNb", make_dirty, 10, { EINVAL, ENOENT, ENODATA, EFAULT } },
	{ "prefault", "Fal0", make_prefault, 8, { EINVAL, ENOMEM, EFAULT } },
	{ "close", "Fh0", make_close, 2, { EINVAL } },
	{ "export", "Shx0", make_export, 2, { ENOENT, EINVAL, ENOSYS } },
	{ "import", "Fd00", make_import, 2, { EBADF, EINVAL, ENOSYS } },
	{ "flink", "Fh0", make_flink, 1, { ENOENT, EACCES } },
	{ "open", "Fm00", make_open, 1, { ENOENT, EACCES } },
	{ "create_dumb", "Smmw0", make_dumb, 3, { EACCES, EINVAL, E2BIG, ENOMEM, ENOSPC } },
	{ "map_dumb", "Fh00", make_map_dumb, 1, { EACCES, EINVAL, ENOENT } },
	{ "destroy_dumb", "Fh", make_destroy_dumb, 1, { EACCES, EINVAL } },
	{ "ioctl", "Fiqzwwww", make_ioctl, 8, { ANY_ERRORS } },
	{ "mmap", "FalPMo", make_mmap, 20,
	  { EINVAL, EACCES, ENOMEM, EOVERFLOW, EEXIST, EOPNOTSUPP, EPERM, EAGAIN } },
	{ "mmap_dma_buf", "dalPMw", make_mmap_dma_buf, 3,
	  { EINVAL, EACCES, ENOMEM, EOVERFLOW, EEXIST, EOPNOTSUPP, EPERM, EAGAIN, EBADF,
	    ENODEV } },
	{ "munmap", "al", make_munmap, 6, { EINVAL, ENOMEM } },
	{ "mprotect", "alP", make_mprotect, 8, { EINVAL, EACCES, ENOMEM } },
	{ "mremap", "allRa", make_mremap, 8, { EINVAL, EFAULT, ENOMEM, EAGAIN } },
	{ "madvise", "akA", make_madvise, 5,
	  { EINVAL, ENOMEM, EFAULT, EBADF, EIO, EAGAIN, EPERM, EACCES, EBUSY, ENODEV,
	    EOPNOTSUPP } },
	{ "msync", "alm", make_msync, 1, { EINVAL, ENOMEM, EBUSY } },
	{ "mlock", "alm", make_mlock, 1, { EINVAL, ENOMEM, EAGAIN, EPERM } },
	{ "mincore", "al", make_mincore, 1, { EINVAL, ENOMEM, EFAULT, EAGAIN } },
	{ "read", "a", make_read, 15, { EFAULT } },
	{ "write", "aw", make_write, 15, { EFAULT } },
	{ "peek", "alm", make_peek, 2, { EIO, EFAULT, EINVAL } },
	{ "fork", "aa", make_fork, 1, { EAGAIN, ENOMEM } },
};

void fuzz_open(struct fuzz_stage *stage)
{
	stage->ram_size = (uint64_t)sysconf(_SC_PHYS_PAGES) * HUGE_PAGE_SIZE;
	stage->files[0] = huge_open_node(DRM_NODE_RENDER);
	stage->files[1] = huge_open_node(DRM_NODE_PRIMARY);
	stage->vram_size = huge_vram(stage->files[0]).size;
	stage->memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	igt_assert(stage->memory >= 0);
	if (!stage->buffer)
		stage->buffer = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	igt_assert(stage->buffer != MAP_FAILED);
	stage->arena = ARENA;
}

void fuzz_reset(struct fuzz_stage *stage)
{
	munmap(ARENA, ARENA_SIZE);
	for (unsigned int slot = 0; slot < FUZZ_SLOTS; slot++)
		close_dma_buf(stage, slot);
	huge_close(stage->files[0]);
	huge_close(stage->files[1]);
	close(stage->memory);
	memset(stage->handles, 0, sizeof(stage->handles));
	memset(stage->offsets, 0, sizeof(stage->offsets));
}

static uint64_t choose_wild(struct choices *choices)
{
	static const uint64_t corners[] = {
		0, 1, 2, 4095, 4096, UINT32_MAX, UINT64_C(1) << 32, INT64_MAX,
		UINT64_C(1) << 63, UINT64_MAX, -UINT64_C(4096), -UINT64_C(4095),
	};

	return one_in(choices, 3) ? choose_word(choices) :
				    corners[choose(choices, COUNT_OF(corners))];
}

/* Sizes that no memory has room for must be refused; no other size is large. */
static uint64_t choose_size(const struct fuzz_stage *stage, struct choices *choices)
{
	const uint64_t refused[] = {
		0, UINT64_MAX, -UINT64_C(4096), -UINT64_C(4095), UINT64_C(1) << 63,
		UINT64_C(1) << 52, stage->vram_size + stage->ram_size + 1,
		UINT64_MAX / 2, (UINT64_C(1) << 44) + 1,
	};

	switch (choose(choices, 10)) {
	case 0:
		return refused[choose(choices, COUNT_OF(refused))];
	case 1:
		return MIB(1 + choose(choices, 24));
	case 2 ... 5:
		return MIB(2) * (1 + choose(choices, 3));
	case 6:
		return 1 + choose(choices, MIB(5));
	default:
		return KIB(4) * (1 + choose(choices, 32));
	}
}

/* A length that stays inside the arena from any chosen address, or one that is too long. */
static uint64_t choose_length(struct choices *choices)
{
	switch (choose(choices, 12)) {
	case 0:
		return TOO_LONG + choose_word(choices) % TOO_LONG;
	case 1:
		return choose(choices, 2) ? 0 : -UINT64_C(4096);
	case 2:
		return choose(choices, PLACE_SIZE);
	case 3:
	case 4:
		return MIB(2) * (1 + choose(choices, 4));
	case 5:
		return MIB(4) + KIB(4) * choose(choices, 8);
	default:
		return KIB(4) * (1 + choose(choices, 32));
	}
}

/* Always inside the arena: some calls go on after a hole, to memory that the program needs. */
static uint64_t choose_short_length(struct choices *choices)
{
	return choose(choices, 8) ? KIB(4) * choose(choices, 1024) : choose(choices, PLACE_SIZE);
}

/* Addresses that no program can have. */
static struct fuzz_argument choose_bad_address(struct choices *choices)
{
	return (struct fuzz_argument){ .value = TOO_LONG + choose_wild(choices) % TOO_LONG };
}

/* Low in the arena, so that no length reaches past its end. */
static struct fuzz_argument choose_address(struct choices *choices)
{
	struct fuzz_argument argument = { .base = 'a' };

	if (one_in(choices, 40))
		return choose_bad_address(choices);
	argument.value = choose(choices, 16) * PLACE_SIZE;
	if (one_in(choices, 2))
		argument.value += KIB(4) * choose(choices, 64);
	if (one_in(choices, 3))
		argument.value += MIB(2);
	if (one_in(choices, 40))
		argument.value += choose(choices, 4096);
	return argument;
}

static struct fuzz_argument choose_slotted(struct choices *choices, char base, unsigned int slot)
{
	struct fuzz_argument argument = { .base = base, .slot = slot };

	if (one_in(choices, 12))
		return (struct fuzz_argument){ .value = choose_wild(choices) };
	if (one_in(choices, 20))
		argument.slot = choose(choices, FUZZ_SLOTS);
	return argument;
}

static struct fuzz_argument choose_offset(struct choices *choices, unsigned int slot)
{
	struct fuzz_argument argument = choose_slotted(choices, 'o', slot);

	if (one_in(choices, 3))
		argument.value += KIB(4) * choose(choices, 32);
	if (one_in(choices, 20))
		argument.value += choose_wild(choices);
	return argument;
}

static struct fuzz_argument choose_buffer(struct choices *choices)
{
	switch (choose(choices, 8)) {
	case 0:
		return choose_bad_address(choices);
	case 1:
		return choose_address(choices);
	case 2:
		return (struct fuzz_argument){ .value = 0 };
	default:
		return (struct fuzz_argument){ .base = 's' };
	}
}

static uint64_t choose_mmap_flags(struct choices *choices)
{
	static const uint64_t more[] = {
		MAP_PRIVATE, MAP_SHARED_VALIDATE, MAP_POPULATE, MAP_LOCKED, MAP_NORESERVE,
		MAP_NONBLOCK, MAP_FIXED_NOREPLACE, MAP_SYNC, MAP_GROWSDOWN, MAP_HUGETLB,
	};
	uint64_t flags = MAP_SHARED;

	/* Without it, the mapping is removed at once: see keep_in_arena(). */
	if (!one_in(choices, 10))
		flags |= MAP_FIXED;
	if (one_in(choices, 5))
		flags ^= more[choose(choices, COUNT_OF(more))];
	return flags;
}

/* MADV_HWPOISON and MADV_SOFT_OFFLINE, which make memory unusable, are left out. */
static uint64_t choose_advice(struct choices *choices)
{
	uint64_t advice = choose(choices, 32);

	return one_in(choices, 20) ? 102 + choose(choices, 1000) : advice;
}

/* A right value for an argument, whose letter in the table of functions is @kind. */
static struct fuzz_argument choose_right(const struct fuzz_stage *stage, char kind,
					 unsigned int slot, struct choices *choices)
{
	struct fuzz_argument argument = {};

	switch (kind) {
	case 'a':
		return choose_address(choices);
	case 'b':
		return choose_buffer(choices);
	case 'd':
	case 'h':
		return choose_slotted(choices, kind, slot);
	case 'o':
		return choose_offset(choices, slot);
	case 'A':
		argument.value = choose_advice(choices);
		break;
	case 'F':
		argument.value = slot % 2;
		break;
	case 'M':
		argument.value = choose_mmap_flags(choices);
		break;
	case 'N':
		argument.value = 1 + choose(choices, one_in(choices, 2) ? 16 : 1024);
		break;
	case 'P':
		argument.value = one_in(choices, 3) ? choose(choices, 8) : PROT_READ | PROT_WRITE;
		break;
	case 'R':
		argument.value = one_in(choices, 3) ? choose(choices, 8) :
			MREMAP_MAYMOVE | MREMAP_FIXED;
		break;
	case 'S':
		argument.value = slot;
		break;
	case 'f':
		argument.value = one_in(choices, 4) ? choose(choices, 1024) :
			64 * choose(choices, 4);
		break;
	case 'g':
		argument.value = choose(choices, 16);
		break;
	case 'i':
		argument.value = one_in(choices, 2) ? DRM_COMMAND_BASE + choose(choices, 10) :
			choose(choices, 256);
		break;
	case 'k':
		argument.value = choose_short_length(choices);
		break;
	case 'l':
		argument.value = choose_length(choices);
		break;
	case 'm':
		argument.value = choose(choices, 8);
		break;
	case 'n':
		argument.value = choose_size(stage, choices);
		break;
	case 'p':
		argument.value = choose(choices, 2);
		break;
	case 'q':
		argument.value = choose(choices, 4);
		break;
	case 't':
		argument.value = choose(choices, 4);
		break;
	case 'w':
		argument.value = one_in(choices, 2) ? choose(choices, 8) : choose_wild(choices);
		break;
	case 'x':
		argument.value = choose(choices, 2) ? O_CLOEXEC | O_RDWR : 0;
		break;
	case 'z':
		argument.value = one_in(choices, 4) ? choose(choices, 1 << _IOC_SIZEBITS) :
			8 * choose(choices, 10);
		break;
	}
	return argument;
}

/* Arguments that bound the use of memory, or of which some values do harm, are always right. */
static bool may_be_wild(char kind)
{
	return !strchr("aAdFklMnRS", kind);
}

static unsigned int choose_function(struct choices *choices)
{
	unsigned int sum = 0, chosen, i;

	for (i = 0; i < COUNT_OF(functions); i++)
		sum += functions[i].weight;
	chosen = choose(choices, sum);
	for (i = 0; chosen >= functions[i].weight; i++)
		chosen -= functions[i].weight;
	return i;
}

struct fuzz_call fuzz_choose(const struct fuzz_stage *stage, struct choices *choices)
{
	struct fuzz_call call = { .function = choose_function(choices) };
	const char *kinds = functions[call.function].arguments;
	unsigned int slot = choose(choices, FUZZ_SLOTS);

	for (unsigned int i = 0; kinds[i]; i++) {
		call.arguments[i] = choose_right(stage, kinds[i], slot, choices);
		if (one_in(choices, 40) && may_be_wild(kinds[i]))
			call.arguments[i] = (struct fuzz_argument){ .value = choose_wild(choices) };
	}
	return call;
}

static uint64_t value_of(const struct fuzz_stage *stage, const struct fuzz_argument *argument)
{
	unsigned int slot = argument->slot % FUZZ_SLOTS;

	switch (argument->base) {
	case 'h':
		return stage->handles[slot] + argument->value;
	case 'o':
		return stage->offsets[slot] + argument->value;
	case 'd':
		return (stage->dma_bufs[slot] ?: -1) + argument->value;
	case 'a':
		return (uintptr_t)stage->arena + argument->value;
	case 's':
		return (uintptr_t)stage->buffer + argument->value;
	default:
		return argument->value;
	}
}

int fuzz_make(struct fuzz_stage *stage, const struct fuzz_call *call)
{
	uint64_t values[FUZZ_MAX_ARGUMENTS] = {};

	for (unsigned int i = 0; functions[call->function].arguments[i]; i++)
		values[i] = value_of(stage, &call->arguments[i]);
	return functions[call->function].make(stage, values);
}

bool fuzz_may_give(const struct fuzz_call *call, int error, bool short_memory)
{
	const int *errors = functions[call->function].errors;

	/* EREMOTEIO is SIGBUS, and EFAULT is a failed copy of arguments. */
	if (short_memory && (error == ENOMEM || error == EREMOTEIO || error == EFAULT))
		return true;
	for (; *errors; errors++) {
		if (*errors == error)
			return true;
	}
	return !error;
}

void fuzz_print(const struct fuzz_call *call, char line[FUZZ_LINE])
{
	int used = snprintf(line, FUZZ_LINE, "%s", functions[call->function].name);

	for (unsigned int i = 0; functions[call->function].arguments[i]; i++) {
		const struct fuzz_argument *argument = &call->arguments[i];

		used += snprintf(line + used, FUZZ_LINE - used, " ");
		if (argument->base)
			used += snprintf(line + used, FUZZ_LINE - used, "%c", argument->base);
		if (argument->base && strchr("hod", argument->base))
			used += snprintf(line + used, FUZZ_LINE - used, "%u", argument->slot);
		if (!argument->base || argument->value)
			used += snprintf(line + used, FUZZ_LINE - used, "%s%#" PRIx64,
					 argument->base ? "+" : "", argument->value);
	}
}

static bool parse_argument(const char *word, struct fuzz_argument *argument)
{
	char *end = (char *)word;

	*argument = (struct fuzz_argument){};
	if (isalpha(*word)) {
		argument->base = *word;
		if (!strchr("hodas", *word))
			return false;
		end++;
		if (isdigit(*end))
			argument->slot = strtoul(end, &end, 10);
		if (!*end)
			return true;
		if (*end++ != '+')
			return false;
		word = end;
	}
	argument->value = strtoull(word, &end, 0);
	return *word && !*end;
}

static int parse_error(const char *name)
{
	for (int error = 0; error < 134; error++) {
		const char *known = strerrorname_np(error);

		if (known && !strcmp(name, known))
			return error;
	}
	return -1;
}

bool fuzz_parse(const char *line, struct fuzz_call *call, int *expected)
{
	char copy[FUZZ_LINE], *rest, *word;
	unsigned int i;

	snprintf(copy, sizeof(copy), "%s", line);
	*call = (struct fuzz_call){};
	*expected = -1;
	word = strtok_r(copy, " \t\n", &rest);
	if (!word)
		return false;
	while (call->function < COUNT_OF(functions) && strcmp(word, functions[call->function].name))
		call->function++;
	if (call->function == COUNT_OF(functions))
		return false;
	for (i = 0; functions[call->function].arguments[i]; i++) {
		word = strtok_r(NULL, " \t\n", &rest);
		if (!word || !parse_argument(word, &call->arguments[i]))
			return false;
	}
	word = strtok_r(NULL, " \t\n", &rest);
	if (!word)
		return true;
	if (strcmp(word, "="))
		return false;
	word = strtok_r(NULL, " \t\n", &rest);
	if (!word)
		return false;
	*expected = parse_error(word);
	return *expected >= 0;
}
