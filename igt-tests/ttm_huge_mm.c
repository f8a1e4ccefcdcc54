// SPDX-License-Identifier: MIT

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "igt_shim.h"
#include "lib/access.h"
#include "lib/debugger.h"
#include "lib/file.h"
#include "lib/huge_device.h"
#include "lib/outside.h"
#include "lib/page_table.h"
#include "lib/pattern.h"
#include "lib/subtest.h"

/**
 * TEST: ttm huge mm
 * Category: Core
 * Mega feature: General Core features
 * Sub-category: Memory management tests
 * Functionality: huge CPU mappings of VRAM
 * Description: After each operation of the kernel's memory management on a mapping, data
 *	are right, and entries are as large as the rest of the mapping allows.
 */
IGT_TEST_DESCRIPTION("munmap, mprotect, mremap, fork, madvise, mlock, core dump, ptrace");

/* A few words are enough to recognize a GiB; half of them are not at the edges of entries. */
#define WORDS 32

/* A mapping with known contents, at an address that is aligned as its memory is. */
struct scene {
	struct huge_bo bo;
	char *address;
	struct pattern pattern;
};

static struct scene make_scene_of(uint64_t size, unsigned int flags)
{
	struct scene scene = {};

	scene.bo = huge_mapped_bo(size, flags, &scene.address);
	scene.pattern = pattern_of(scene.address, size, 31);
	scene.pattern.stride = scene.pattern.pages > WORDS ? scene.pattern.pages / WORDS : 1;
	pattern_write(&scene.pattern);
	return scene;
}

/* Twice what one entry maps, so that there is a neighbour. */
static struct scene make_scene(enum huge_level level)
{
	struct scene scene = make_scene_of(2 * huge_size_for_level(level), 0);

	huge_assert_mapped_at(&scene.bo, scene.address, level, "at first");
	return scene;
}

/* Compares the words of a part, where the part is mapped now. */
static void assert_part(const struct scene *scene, char *address, uint64_t start, uint64_t length)
{
	const uint64_t stride = scene->pattern.stride * HUGE_PAGE_SIZE;
	uint64_t at = (start + stride - 1) / stride * stride;

	igt_assert_f(at < start + length, "no word of the pattern is in the part\n");
	for (; at < start + length; at += stride) {
		struct pattern word = scene->pattern;

		word.address = address + at - start;
		word.first_page = at / HUGE_PAGE_SIZE;
		word.pages = 1;
		pattern_assert(&word);
	}
}

/* Through a new mapping, to which nothing has been done. */
static void assert_contents(const struct scene *scene)
{
	char *witness = huge_bo_map(&scene->bo);

	assert_part(scene, witness, 0, scene->bo.size);
	huge_unmap(witness, scene->bo.size);
}

/* Touches the part, and compares its entries with the largest that are possible. */
static void assert_largest(const struct scene *scene, char *address, uint64_t start,
			   uint64_t length, const char *when)
{
	struct huge_mapping mapping = {
		.address = (uintptr_t)address,
		.start = start,
		.length = length,
		.alignment = scene->bo.alignment,
		.max_level = huge_largest_level(),
	};
	struct huge_levels expected = huge_expected_levels(&mapping), found;

	for (uint64_t at = 0; at < length; at += length > MIB(16) ? MIB(2) : HUGE_PAGE_SIZE)
		(void)*(volatile char *)(address + at);
	(void)*(volatile char *)(address + length - HUGE_PAGE_SIZE);
	found = huge_levels_of(&scene->bo, address, length);
	huge_assert_levels(&found, &expected, when);
}

/* For mappings that may have smaller entries than huge_expected_levels() says. */
static void assert_not_larger_than(const struct scene *scene, char *address, uint64_t length,
				   enum huge_level level)
{
	struct huge_levels found = huge_levels_of(&scene->bo, address, length);

	for (enum huge_level larger = level + 1; larger < HUGE_LEVELS; larger++)
		igt_assert_eq_u64(found.entries[larger], 0);
}

static void assert_holes(struct scene scene, enum huge_level level)
{
	const uint64_t half = scene.bo.size / 2;
	const uint64_t holes[] = { 0, half / 2 + HUGE_PAGE_SIZE, half - HUGE_PAGE_SIZE };
	struct huge_levels found, neighbour = huge_levels_at(level, half);

	for (unsigned int i = 0; i < COUNT_OF(holes); i++) {
		char *hole = scene.address + holes[i];

		igt_assert_eq(munmap(hole, HUGE_PAGE_SIZE), 0);
		igt_assert_eq(signal_of_reading(hole), SIGSEGV);
		igt_assert_eq(signal_of_reading(hole + HUGE_PAGE_SIZE), 0);
		if (holes[i])
			igt_assert_eq(signal_of_reading(hole - HUGE_PAGE_SIZE), 0);
		found = huge_levels_of(&scene.bo, scene.address + half, half);
		huge_assert_levels(&found, &neighbour, "neighbour");
	}
	assert_part(&scene, scene.address + HUGE_PAGE_SIZE, HUGE_PAGE_SIZE,
		    holes[1] - HUGE_PAGE_SIZE);
	assert_part(&scene, scene.address + holes[1] + HUGE_PAGE_SIZE, holes[1] + HUGE_PAGE_SIZE,
		    holes[2] - holes[1] - HUGE_PAGE_SIZE);
	assert_part(&scene, scene.address + half, half, half);
	assert_contents(&scene);
}

/**
 * SUBTEST: munmap-%s
 * Description: A page is unmapped at the beginning, in the middle and at the end
 *	of a mapping by %arg[1] entries. The page is gone, its neighbours are
 *	not, and entries that do not map a part of a hole stay.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_munmap(enum huge_level level)
{
	assert_holes(make_scene(level), level);
}

/**
 * SUBTEST: munmap-trackable-%s
 * Description: As in munmap, for a buffer object whose writes can be tracked.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_munmap_trackable(enum huge_level level)
{
	assert_holes(make_scene_of(2 * huge_size_for_level(level), HUGE_TRACKABLE), level);
}

/**
 * SUBTEST: mprotect-whole-%s
 * Description: A mapping by %arg[1] entries becomes read-only, so that a write is SIGSEGV
 *	and reads still work, and then writable again. Entries stay as large as they were.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mprotect_whole(enum huge_level level)
{
	struct scene scene = make_scene(level);

	igt_assert_eq(mprotect(scene.address, scene.bo.size, PROT_READ), 0);
	igt_assert_eq(signal_of_writing(scene.address, 0), SIGSEGV);
	igt_assert_eq(signal_of_writing(scene.address + scene.bo.size / 2, 0), SIGSEGV);
	assert_part(&scene, scene.address, 0, scene.bo.size);
	huge_assert_mapped_at(&scene.bo, scene.address, level, "read-only");

	igt_assert_eq(mprotect(scene.address, scene.bo.size, PROT_READ | PROT_WRITE), 0);
	scene.pattern.seed++;
	pattern_write(&scene.pattern);
	assert_contents(&scene);
	huge_assert_mapped_at(&scene.bo, scene.address, level, "writable again");
}

/**
 * SUBTEST: mprotect-part-%s
 * Description: One page in a mapping by %arg[1] entries becomes read-only and
 *	writable again. Only that page refuses writes meanwhile; the entries
 *	that do not map it stay as large as they were.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mprotect_part(enum huge_level level)
{
	struct scene scene = make_scene(level);
	const uint64_t half = scene.bo.size / 2;
	char *page = scene.address + half / 2 + HUGE_PAGE_SIZE;
	struct huge_levels found, neighbour = huge_levels_at(level, half);

	igt_assert_eq(mprotect(page, HUGE_PAGE_SIZE, PROT_READ), 0);
	igt_assert_eq(signal_of_writing(page, 1), SIGSEGV);
	igt_assert_eq(signal_of_reading(page), 0);
	igt_assert_eq(signal_of_writing(page - HUGE_PAGE_SIZE + 8, 1), 0);
	igt_assert_eq(signal_of_writing(page + HUGE_PAGE_SIZE + 8, 1), 0);
	found = huge_levels_of(&scene.bo, scene.address + half, half);
	huge_assert_levels(&found, &neighbour, "neighbour");
	assert_part(&scene, scene.address, 0, scene.bo.size);

	igt_assert_eq(mprotect(page, HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE), 0);
	scene.pattern.seed++;
	pattern_write(&scene.pattern);
	igt_assert_eq(signal_of_writing(page + 8, 1), 0);
	assert_contents(&scene);
}

/* Free address space that is aligned for PUD entries, or is off by @shift. */
static char *room_for(const struct scene *scene, uint64_t shift)
{
	return huge_reserve(scene->bo.size + HUGE_PAGE_SIZE, GIB(1)) + shift;
}

static char *move_mapping(char *from, uint64_t length, char *to)
{
	char *moved = mremap(from, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, to);

	igt_assert_f(moved == to, "mremap: %s\n", strerror(errno));
	return moved;
}

static void assert_moved(enum huge_level level, unsigned int flags, uint64_t shift)
{
	struct scene scene = make_scene_of(2 * huge_size_for_level(level), flags);
	char *moved = move_mapping(scene.address, scene.bo.size, room_for(&scene, shift));

	igt_assert_eq(signal_of_reading(scene.address), SIGSEGV);
	assert_part(&scene, moved, 0, scene.bo.size);
	assert_largest(&scene, moved, 0, scene.bo.size, "moved");
	scene.pattern.address = moved;
	scene.pattern.seed++;
	pattern_write(&scene.pattern);
	assert_contents(&scene);
}

/**
 * SUBTEST: mremap-aligned-%s
 * Description: mremap() of a mapping by %arg[1] entries to an aligned address: the data
 *	move with it, and entries are as large as before.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mremap_aligned(enum huge_level level)
{
	assert_moved(level, 0, 0);
}

/**
 * SUBTEST: mremap-trackable-%s
 * Description: As in mremap-aligned, for a buffer object whose writes can be tracked.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mremap_trackable(enum huge_level level)
{
	assert_moved(level, HUGE_TRACKABLE, 0);
}

/**
 * SUBTEST: mremap-misaligned-%s
 * Description: mremap() of a mapping by %arg[1] entries to an address one page off: the
 *	data move with it, and are mapped by PTEs.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mremap_misaligned(enum huge_level level)
{
	struct scene scene = make_scene(level);
	char *moved = move_mapping(scene.address, scene.bo.size, room_for(&scene, HUGE_PAGE_SIZE));

	igt_assert_eq(signal_of_reading(scene.address), SIGSEGV);
	assert_part(&scene, moved, 0, scene.bo.size);
	assert_not_larger_than(&scene, moved, scene.bo.size, HUGE_PTE);
	scene.pattern.address = moved;
	scene.pattern.seed++;
	pattern_write(&scene.pattern);
	assert_contents(&scene);
}

/**
 * SUBTEST: mremap-part-%s
 * Description: mremap() of the second half of a mapping by %arg[1] entries, which one entry
 *	maps: the first half stays, the second half moves. In another mapping the entries of
 *	the first half stay, too, and so do all entries that are not huge.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mremap_part(enum huge_level level)
{
	struct scene scene = make_scene(level);
	const uint64_t half = scene.bo.size / 2;
	const struct huge_levels first = huge_levels_at(level, half);
	char *other = huge_bo_map(&scene.bo), *moved;
	struct huge_levels found;

	assert_largest(&scene, other, 0, scene.bo.size, "another mapping");
	moved = move_mapping(scene.address + half, half, room_for(&scene, 0));
	found = huge_levels_of(&scene.bo, other, half);
	huge_assert_levels(&found, &first, "the first half of another mapping");
	if (level < HUGE_PMD) {
		found = huge_levels_of(&scene.bo, other + half, half);
		huge_assert_levels(&found, &first, "the second half of another mapping");
	}
	igt_assert_eq(signal_of_reading(scene.address + half), SIGSEGV);
	assert_part(&scene, scene.address, 0, half);
	assert_part(&scene, moved, half, half);
	assert_largest(&scene, scene.address, 0, half, "what stayed");
	assert_largest(&scene, moved, half, half, "what moved");
	assert_contents(&scene);
}

/**
 * SUBTEST: mremap-inner-part-%s
 * Description: mremap() of a page from the middle of a %arg[1] entry: the page moves, all
 *	around it stays.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mremap_inner_part(enum huge_level level)
{
	struct scene scene = make_scene(level);
	/* A page that holds a word of the pattern. */
	const uint64_t start = 3 * scene.pattern.stride * HUGE_PAGE_SIZE;
	char *moved = move_mapping(scene.address + start, HUGE_PAGE_SIZE, room_for(&scene, 0));

	igt_assert_eq(signal_of_reading(scene.address + start), SIGSEGV);
	assert_part(&scene, moved, start, HUGE_PAGE_SIZE);
	assert_part(&scene, scene.address, 0, start);
	assert_part(&scene, scene.address + start + HUGE_PAGE_SIZE, start + HUGE_PAGE_SIZE,
		    scene.bo.size - start - HUGE_PAGE_SIZE);
	assert_contents(&scene);
}

/**
 * SUBTEST: mremap-size-%s
 * Description: mremap() shrinks a mapping by %arg[1] entries by half and by a page, and
 *	refuses to expand it.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mremap_size(enum huge_level level)
{
	struct scene scene = make_scene(level);
	const uint64_t half = scene.bo.size / 2, less = half - HUGE_PAGE_SIZE;

	igt_assert(mremap(scene.address, scene.bo.size, half, 0) == scene.address);
	igt_assert_eq(signal_of_reading(scene.address + half), SIGSEGV);
	assert_part(&scene, scene.address, 0, half);
	assert_largest(&scene, scene.address, 0, half, "half of it");

	igt_assert(mremap(scene.address, half, less, 0) == scene.address);
	igt_assert_eq(signal_of_reading(scene.address + less), SIGSEGV);
	assert_part(&scene, scene.address, 0, less);

	/* The mapping has VM_DONTEXPAND. */
	igt_assert(mremap(scene.address, less, half, MREMAP_MAYMOVE) == MAP_FAILED);
	igt_assert_eq(errno, EFAULT);
	assert_part(&scene, scene.address, 0, less);
	assert_contents(&scene);
}

static void assert_no_pmds(const struct scene *scene)
{
	struct huge_levels found = huge_levels_of(&scene->bo, scene->address, scene->bo.size);

	igt_assert_eq_u64(found.entries[HUGE_PMD], 0);
}

/**
 * SUBTEST: fork-%s
 * Description: Parent and child both write through a mapping by %arg[1] entries,
 *	at the same time; each sees what the other wrote. The child begins without
 *	PMD entries: fork() would copy one that is being removed.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_fork(enum huge_level level)
{
	struct scene scene = make_scene(level);
	struct pattern by_parent = scene.pattern, by_child = scene.pattern;
	int sockets[2];

	by_parent.pages /= 2;
	by_child.first_page = by_child.pages /= 2;
	by_child.address = scene.address + scene.bo.size / 2;
	by_parent.seed = 32;
	by_child.seed = 33;
	make_turns(sockets);
	igt_fork(child, 1) {
		pass_turn(sockets[1]);
		assert_no_pmds(&scene);
		pattern_write(&by_child);
		await_turn(sockets[1]);
		pattern_assert(&by_parent);
		huge_assert_mapped_at(&scene.bo, scene.address, level, "child");
	}
	/* A mapping that is too small for PMD entries has kept its entries. */
	if (level == HUGE_PTE)
		huge_assert_mapped_at(&scene.bo, scene.address, level, "parent, as it was");
	await_turn(sockets[0]);
	pattern_write(&by_parent);
	pass_turn(sockets[0]);
	igt_waitchildren();
	close(sockets[0]);
	close(sockets[1]);
	pattern_assert(&by_parent);
	pattern_assert(&by_child);
	huge_assert_mapped_at(&scene.bo, scene.address, level, "parent");
}

/**
 * SUBTEST: madvise-%s
 * Description: Advice on a mapping by %arg[1] entries. MADV_DONTNEED is refused and changes
 *	nothing. With MADV_NOHUGEPAGE faults set PTEs, with MADV_RANDOM single entries, and
 *	after MADV_HUGEPAGE and MADV_NORMAL the largest entries where no lower page table is
 *	left.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_madvise(enum huge_level level)
{
	struct scene scene = make_scene(level);
	const uint64_t half = scene.bo.size / 2;
	const struct huge_levels nothing = {};
	struct huge_levels found;

	/* The kernel refuses it for mappings of device memory. */
	igt_assert_eq(madvise(scene.address, scene.bo.size, MADV_DONTNEED), -1);
	igt_assert_eq(errno, EINVAL);
	huge_assert_mapped_at(&scene.bo, scene.address, level, "after MADV_DONTNEED");
	assert_part(&scene, scene.address, 0, scene.bo.size);

	huge_bo_map_at(&scene.bo, scene.address, 0, scene.bo.size);
	found = huge_levels_of(&scene.bo, scene.address, scene.bo.size);
	huge_assert_levels(&found, &nothing, "mapped again");

	igt_assert_eq(madvise(scene.address, half, MADV_NOHUGEPAGE), 0);
	igt_assert_eq(madvise(scene.address + half, half, MADV_RANDOM), 0);
	assert_part(&scene, scene.address, 0, scene.bo.size);
	assert_not_larger_than(&scene, scene.address, half, HUGE_PTE);
	if (level > HUGE_PTE) {
		found = huge_levels_of(&scene.bo, scene.address + half, half);
		igt_assert_eq_u64(found.entries[level], 1);
	}
	igt_assert_eq(madvise(scene.address, scene.bo.size, MADV_HUGEPAGE), 0);
	igt_assert_eq(madvise(scene.address, scene.bo.size, MADV_NORMAL), 0);
	assert_largest(&scene, scene.address + half, half, half, "never populated small");
	assert_contents(&scene);
}

/**
 * SUBTEST: mlock-%s
 * Description: mlock() and munlock() of a mapping by %arg[1] entries succeed and change
 *	nothing: there are no pages that could be locked.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_mlock(enum huge_level level)
{
	struct scene scene = make_scene(level);

	igt_assert_eq(mlock(scene.address, scene.bo.size), 0);
	huge_assert_mapped_at(&scene.bo, scene.address, level, "locked");
	assert_part(&scene, scene.address, 0, scene.bo.size);
	igt_assert_eq(munlock(scene.address, scene.bo.size), 0);
	huge_assert_mapped_at(&scene.bo, scene.address, level, "unlocked");
	assert_part(&scene, scene.address, 0, scene.bo.size);
	igt_assert_eq(mlock(scene.address + HUGE_PAGE_SIZE, HUGE_PAGE_SIZE), 0);
	assert_part(&scene, scene.address, 0, scene.bo.size);
	assert_contents(&scene);
}

/* Of two entries, only the one that is written becomes writable. */
static void assert_soft_dirty_tracked(const struct huge_bo *bo, char *address,
				      enum huge_level level)
{
	const uint64_t half = bo->size / 2;

	igt_assert_eq(write_file("/proc/self/clear_refs", "4"), 0);
	(void)*(volatile char *)address;
	(void)*(volatile char *)(address + half);
	huge_assert_mapped_at(bo, address, level, "read while the kernel tracks writes");
	huge_assert_writable(bo, address, bo->size, false);
	*(volatile char *)(address + half) = 1;
	huge_assert_writable(bo, address, half, false);
	huge_assert_writable(bo, address + half, huge_level_size(level), true);
	huge_assert_mapped_at(bo, address, level, "written");
	igt_assert_eq(*(volatile char *)huge_bo_map_part(bo, half, HUGE_PAGE_SIZE, PROT_READ), 1);
}

/**
 * SUBTEST: soft-dirty-%s
 * Description: Once a process has cleared the soft-dirty bits of its memory, the kernel wants
 *	a fault for the first write through each entry. A read sets %arg[1] entries that are
 *	read-only, and a write makes its own entry writable and no other.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_soft_dirty(enum huge_level level)
{
	char *address, on_stack = 1;
	struct huge_bo bo = huge_mapped_bo(2 * huge_size_for_level(level), 0, &address);

	/* All memory of a process is soft-dirty until the bits are cleared. */
	igt_require_f(pagemap_soft_dirty(&on_stack), "the kernel has no soft-dirty bits\n");
	/* In a child, because the kernel goes on tracking the writes of a process. */
	igt_fork(child, 1)
		assert_soft_dirty_tracked(&bo, address, level);
	igt_waitchildren();
}

#define CORE_PATTERN "/proc/sys/kernel/core_pattern"
static char saved_core_pattern[128];

static void restore_core_pattern(int signal)
{
	(void)signal;
	if (saved_core_pattern[0])
		write_file(CORE_PATTERN, saved_core_pattern);
	saved_core_pattern[0] = '\0';
}

static void set_core_pattern(const char *pattern)
{
	int fd = open(CORE_PATTERN, O_RDONLY | O_CLOEXEC);
	int error;

	igt_assert_fd(fd);
	igt_assert_lt(0, read(fd, saved_core_pattern, sizeof(saved_core_pattern) - 1));
	close(fd);
	igt_install_exit_handler(restore_core_pattern);
	error = write_file(CORE_PATTERN, pattern);
	igt_require_f(!error, CORE_PATTERN ": %s\n", strerror(error));
}

static void dump_core(const char *dir)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	if (chdir(dir) || setrlimit(RLIMIT_CORE, &unlimited))
		_exit(1);
	signal(SIGABRT, SIG_DFL);
	abort();
}

static void read_at(int fd, uint64_t at, void *to, uint64_t length)
{
	igt_assert_eq_u64(pread(fd, to, length, at), length);
}

/* The dump describes the whole range, and has none of its contents. */
static void assert_left_out(int core, const char *address, uint64_t length)
{
	const uint64_t start = (uintptr_t)address, end = start + length;
	uint64_t described = 0;
	Elf64_Phdr part;
	Elf64_Ehdr head;

	read_at(core, 0, &head, sizeof(head));
	igt_assert(!memcmp(head.e_ident, ELFMAG, SELFMAG));
	igt_assert_eq(head.e_type, ET_CORE);
	for (int i = 0; i < head.e_phnum; i++) {
		read_at(core, head.e_phoff + i * sizeof(part), &part, sizeof(part));
		if (part.p_type != PT_LOAD || part.p_vaddr >= end ||
		    part.p_vaddr + part.p_memsz <= start)
			continue;
		igt_assert_eq_u64(part.p_filesz, 0);
		described += part.p_memsz;
	}
	igt_assert_eq_u64(described, length);
}

/* Only the headers are read: the rest is other memory of the process. */
static int open_dump(const char *dir)
{
	char path[96];
	int fd;

	snprintf(path, sizeof(path), "%s/core-of-test", dir);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	igt_assert_f(fd >= 0, "%s: %s\n", path, strerror(errno));
	unlink(path);
	return fd;
}

static void assert_dumped(const struct scene *scene, enum huge_level level)
{
	char dir[] = "/tmp/ttm-huge-core-XXXXXX";
	int status, core;
	pid_t pid;

	huge_assert_mapped_at(&scene->bo, scene->address, level, "before the dump");
	igt_assert(mkdtemp(dir));
	set_core_pattern("core-of-test");
	pid = fork_child();
	/* A child begins without PMD entries: the comparison sets them. */
	if (!pid && pattern_matches(&scene->pattern))
		dump_core(dir);
	if (!pid)
		_exit(1);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	restore_core_pattern(0);
	igt_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT && WCOREDUMP(status));
	core = open_dump(dir);
	rmdir(dir);
	assert_left_out(core, scene->address, scene->bo.size);
	close(core);
	assert_part(scene, scene->address, 0, scene->bo.size);
	huge_assert_mapped_at(&scene->bo, scene->address, level, "after the dump");
}

/**
 * SUBTEST: core-dump-%s
 * Description: A process that has VRAM mapped by %arg[1] entries dumps core: the
 *	dump is written and leaves the mapping out; the data stay.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_core_dump(enum huge_level level)
{
	struct scene scene = make_scene(level);

	assert_dumped(&scene, level);
}

/**
 * SUBTEST: core-dump-system
 * Description: As in core-dump, for system memory by PMD entries, which unlike VRAM has pages
 *	that could be dumped.
 */
static void test_core_dump_system(void)
{
	struct scene scene = {
		.bo = huge_bo_create(huge_open(), MIB(4), HUGE_SYSTEM, HUGE_SYSTEM_WB),
	};

	scene.address = huge_bo_map(&scene.bo);
	scene.pattern = pattern_of(scene.address, scene.bo.size, 31);
	scene.pattern.stride = scene.pattern.pages / WORDS;
	pattern_write(&scene.pattern);
	assert_dumped(&scene, HUGE_PMD);
}

/**
 * SUBTEST: core-dump-tracked
 * Description: As in core-dump, while writes are tracked: the dump does not count as a write.
 */
static void test_core_dump_tracked(void)
{
	struct scene scene = make_scene_of(MIB(4), HUGE_TRACKABLE);
	uint64_t record[MIB(4) / HUGE_PAGE_SIZE / 64];

	huge_dirty_start(&scene.bo);
	assert_part(&scene, scene.address, 0, scene.bo.size);
	assert_dumped(&scene, HUGE_PMD);
	igt_assert_eq(huge_dirty_try_take(&scene.bo, 0, MIB(4) / HUGE_PAGE_SIZE, record), 0);
	igt_assert(is_zero(record, sizeof(record)));
}

/**
 * SUBTEST: ptrace-%s
 * Description: A debugger reads and writes VRAM that a stopped process has mapped
 *	by %arg[1] entries, through the driver.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_ptrace(enum huge_level level)
{
	const long written = 0x0123456789abcdef;
	struct scene scene = make_scene(level);
	char *word = scene.address + scene.bo.size / 2;
	pid_t pid = debugger_stop_child();

	errno = 0;
	igt_assert_eq_u64(ptrace(PTRACE_PEEKDATA, pid, word, NULL), *(volatile uint64_t *)word);
	igt_assert_eq(errno, 0);
	igt_assert_eq(ptrace(PTRACE_POKEDATA, pid, word + 8, written), 0);
	igt_assert_eq_u64(*(volatile uint64_t *)(word + 8), written);
	debugger_let_go(pid);
	assert_part(&scene, scene.address, 0, scene.bo.size);
	huge_assert_mapped_at(&scene.bo, scene.address, level, "after the debugger");
}

/**
 * SUBTEST: process-vm-readv-%s
 * Description: process_vm_readv() of a child's mapping by %arg[1] entries is refused,
 *	because it needs struct pages; mapping and data are as before.
 *
 * arg[1]:
 *
 * @pte: PTE
 * @pmd: PMD
 * @pud: PUD
 */
static void test_process_vm_readv(enum huge_level level)
{
	struct scene scene = make_scene(level);
	uint64_t copy;
	struct iovec local = { .iov_base = &copy, .iov_len = sizeof(copy) };
	struct iovec remote = { .iov_base = scene.address, .iov_len = sizeof(copy) };
	int sockets[2], status;
	pid_t pid;

	make_turns(sockets);
	pid = fork_child();
	if (!pid) {
		await_turn(sockets[1]);
		_exit(!pattern_matches(&scene.pattern));
	}
	igt_assert_eq(process_vm_readv(pid, &local, 1, &remote, 1, 0), -1);
	igt_assert_eq(errno, EFAULT);
	pass_turn(sockets[0]);
	igt_assert_eq(waitpid(pid, &status, 0), pid);
	igt_assert(WIFEXITED(status) && !WEXITSTATUS(status));
	close(sockets[0]);
	close(sockets[1]);
	assert_part(&scene, scene.address, 0, scene.bo.size);
	huge_assert_mapped_at(&scene.bo, scene.address, level, "after the attempt");
}

static const struct subtest single_subtests[] = {
	{ "core-dump-system", "Dumps core with system memory mapped", test_core_dump_system },
	{ "core-dump-tracked", "Dumps core while writes are tracked", test_core_dump_tracked },
};

static const struct level_subtest subtests[] = {
	{ "munmap", "Pages unmapped at several places", test_munmap },
	{ "munmap-trackable", "The same, with writes that can be tracked", test_munmap_trackable },
	{ "mprotect-whole", "Read-only and back, as a whole", test_mprotect_whole },
	{ "mprotect-part", "Read-only and back, one page", test_mprotect_part },
	{ "mremap-aligned", "Moved to an aligned address", test_mremap_aligned },
	{ "mremap-trackable", "Moved, with writes that can be tracked", test_mremap_trackable },
	{ "mremap-misaligned", "Moved to an address a page off", test_mremap_misaligned },
	{ "mremap-part", "A half is moved", test_mremap_part },
	{ "mremap-inner-part", "A page is moved", test_mremap_inner_part },
	{ "mremap-size", "Made smaller; larger is refused", test_mremap_size },
	{ "fork", "Parent and child write", test_fork },
	{ "madvise", "DONTNEED, RANDOM, NOHUGEPAGE, HUGEPAGE", test_madvise },
	{ "mlock", "mlock() and munlock()", test_mlock },
	{ "soft-dirty", "While the kernel tracks writes", test_soft_dirty },
	{ "core-dump", "A process that has VRAM mapped dumps core", test_core_dump },
	{ "ptrace", "A debugger reads and writes", test_ptrace },
	{ "process-vm-readv", "process_vm_readv() of a child", test_process_vm_readv },
};

static void clean_up(void)
{
	restore_core_pattern(0);
	kill_children();
	huge_release_all();
}

int igt_main()
{
	igt_fixture()
		huge_close(huge_open());

	run_level_subtests(subtests, COUNT_OF(subtests), clean_up);
	run_subtests(single_subtests, COUNT_OF(single_subtests), clean_up);
}
