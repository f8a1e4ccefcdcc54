// SPDX-License-Identifier: MIT

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>

#include "../igt_shim.h"
#include "cpu.h"
#include "known_kernel.h"
#include "monitor.h"
#include "outside.h"

/* The number of the processor whose registers are read, for the guest and for QEMU. */
#define CPU 0
/* Repeated until this process runs on it when QEMU reads them. */
#define TRIES 50

/* x86 page tables, as in the manuals. */
#define TABLE_ENTRIES 512
#define ENTRY_PRESENT (UINT64_C(1) << 0)
#define ENTRY_WRITABLE (UINT64_C(1) << 1)
#define ENTRY_USER (UINT64_C(1) << 2)
#define ENTRY_CACHE(entry) ((entry) >> 3 & 3)
#define ENTRY_ACCESSED (UINT64_C(1) << 5)
#define ENTRY_DIRTY (UINT64_C(1) << 6)
#define ENTRY_PTE_PAT (UINT64_C(1) << 7)
#define ENTRY_HUGE (UINT64_C(1) << 7)
#define ENTRY_HUGE_PAT (UINT64_C(1) << 12)
#define ENTRY_ADDRESS UINT64_C(0x000ffffffffff000)
#define CR4_LA57 (UINT64_C(1) << 12)
/* A software bit of the kernel, in a PTE. */
#define ENTRY_SPECIAL_BIT 9

#define NOT_MAPPED UINT64_MAX

static int monitor = -1;
/* The address of the top table, and its level, where that of PTEs is 0. */
#define FOUR_LEVELS 3
#define FIVE_LEVELS 4
static uint64_t top_table;
static int top_level;

static cpu_set_t cpus_before;

static void stay_on_cpu(void)
{
	cpus_before = cpus_allowed();
	run_on_cpu(CPU);
}

static void leave_cpu(void)
{
	run_on_cpus(&cpus_before);
}

static uint64_t number_behind(const char *text, const char *word)
{
	const char *found = strstr(text, word);

	igt_assert_f(found, "QEMU's monitor says no %s\n", word);
	return strtoull(found + strlen(word), NULL, 16);
}

static void take_registers(void)
{
	const char *registers = monitor_ask(monitor, CPU, "info registers");

	top_table = number_behind(registers, "CR3=") & ENTRY_ADDRESS;
	top_level = number_behind(registers, "CR4=") & CR4_LA57 ? FIVE_LEVELS : FOUR_LEVELS;
}

bool outside_has_five_levels(void)
{
	return top_level == FIVE_LEVELS;
}

/* Each line is "ADDRESS: 0xVALUE 0xVALUE". */
static void read_memory(uint64_t address, unsigned int count, uint64_t *values)
{
	char command[64];
	const char *text;

	snprintf(command, sizeof(command), "xp /%ugx 0x%" PRIx64, count, address);
	text = monitor_ask(monitor, CPU, command);
	for (unsigned int i = 0; i < count; i++) {
		char *end;

		if (i % 2 == 0) {
			igt_assert_eq_u64(strtoull(text, &end, 16), address + 8 * i);
			igt_assert(*end == ':');
			text = end + 1;
		}
		values[i] = strtoull(text, &end, 16);
		igt_assert_f(end != text, "QEMU's monitor: '%s' for '%s'\n", text, command);
		text = end;
	}
}

static bool can_be_huge(int level)
{
	return level == HUGE_PMD || level == HUGE_PUD;
}

/* By the kernel's setting of the PAT, which ttm_huge_witness@itself checks. */
static enum page_caching caching_of(uint64_t entry, enum huge_level level)
{
	static const int cachings[] = { PAGE_WB, PAGE_WC, PAGE_UC, PAGE_UC, PAGE_WB, -1,
					PAGE_UC, -1 };
	uint64_t pat = entry & (level == HUGE_PTE ? ENTRY_PTE_PAT : ENTRY_HUGE_PAT);
	int caching = cachings[ENTRY_CACHE(entry) | (pat ? 4 : 0)];

	igt_assert_f(caching >= 0, "entry %#" PRIx64 " has a caching that no test uses\n", entry);
	return caching;
}

static bool is_special(uint64_t entry, enum huge_level level)
{
	unsigned int bit = level == HUGE_PTE ? ENTRY_SPECIAL_BIT :
					       known_kernel()->huge_special_bit;

	return entry >> bit & 1;
}

static bool continues(const struct page_run *run, const struct page_run *next)
{
	return run->end == next->start && run->level == next->level &&
	       run->caching == next->caching && run->special == next->special &&
	       run->writable == next->writable &&
	       run->pfn + (run->end - run->start) / HUGE_PAGE_SIZE == next->pfn;
}

static void add_run(struct page_table *table, const struct page_run *run)
{
	struct page_run *last = table->count ? &table->runs[table->count - 1] : NULL;

	if (last && continues(last, run)) {
		last->end = run->end;
		last->young += run->young;
		last->dirty += run->dirty;
		return;
	}
	table->runs = realloc(table->runs, (table->count + 1) * sizeof(*run));
	igt_assert(table->runs);
	table->runs[table->count++] = *run;
}

/* Adds a part of what an entry maps, from @start to @end. */
static void add_entry(struct page_table *found, enum huge_level level, uint64_t entry,
		      bool writable, uint64_t start, uint64_t end)
{
	uint64_t size = huge_level_size(level);
	uint64_t physical = (entry & ENTRY_ADDRESS & ~(size - 1)) + start % size;

	igt_assert_f(entry & ENTRY_USER, "a program cannot use entry %#" PRIx64 "\n", entry);
	add_run(found, &(struct page_run){
		.start = start,
		.end = end,
		.level = level,
		.pfn = physical / HUGE_PAGE_SIZE,
		.caching = caching_of(entry, level),
		.special = is_special(entry, level),
		.writable = writable,
		.young = !!(entry & ENTRY_ACCESSED),
		.dirty = !!(entry & ENTRY_DIRTY),
	});
}

/* Reads a table and those below it. @writable says whether all tables above allow writes. */
static void walk(struct page_table *found, uint64_t table, int level, bool writable,
		 uint64_t start, uint64_t end)
{
	uint64_t size = HUGE_PAGE_SIZE << 9 * level;
	unsigned int first = start / size % TABLE_ENTRIES;
	unsigned int count = (end - 1) / size - start / size + 1;
	uint64_t entries[TABLE_ENTRIES];

	igt_assert_lte(first + count, TABLE_ENTRIES);
	read_memory(table + first * sizeof(*entries), count, entries);
	for (unsigned int i = 0; i < count; i++, start = (start / size + 1) * size) {
		uint64_t next = (start / size + 1) * size;
		uint64_t entry = entries[i];
		bool may_write = writable && entry & ENTRY_WRITABLE;

		if (next > end)
			next = end;
		if (!(entry & ENTRY_PRESENT))
			continue;
		if (level == HUGE_PTE || (can_be_huge(level) && entry & ENTRY_HUGE))
			add_entry(found, level, entry, may_write, start, next);
		else
			walk(found, entry & ENTRY_ADDRESS, level - 1, may_write, start, next);
	}
}

static struct page_table read_tables(uint64_t start, uint64_t length)
{
	struct page_table found = {};

	walk(&found, top_table, top_level, true, start, start + length);
	return found;
}

/* The physical address of a page, or NOT_MAPPED. */
static uint64_t physical_in(const struct page_table *table, uint64_t page)
{
	for (unsigned int i = 0; i < table->count; i++) {
		const struct page_run *run = &table->runs[i];

		if (run->start <= page && page < run->end)
			return run->pfn * HUGE_PAGE_SIZE + page - run->start;
	}
	return NOT_MAPPED;
}

/* By QEMU's own walk of the page tables that the processor uses at this moment. */
static uint64_t physical_for_cpu(uint64_t page)
{
	char command[64];
	const char *text;

	snprintf(command, sizeof(command), "gva2gpa 0x%" PRIx64, page);
	text = monitor_ask(monitor, CPU, command);
	return strstr(text, "Unmapped") ? NOT_MAPPED : number_behind(text, "gpa: ");
}

/* Another process may run there when QEMU is asked: one agreement is enough. */
static void assert_cpu_agrees(const struct page_table *table, uint64_t page)
{
	uint64_t expected = physical_in(table, page), found = 0;

	stay_on_cpu();
	for (int tries = 0; tries < TRIES; tries++) {
		found = physical_for_cpu(page);
		if (found == expected)
			break;
	}
	leave_cpu();
	igt_assert_f(found == expected, "%#" PRIx64 " is at %#" PRIx64 ", QEMU says %#" PRIx64 "\n",
		     page, expected, found);
}

struct page_table outside_read(const void *address, uint64_t length)
{
	uint64_t start = (uintptr_t)address;
	struct page_table found = read_tables(start, length);

	assert_cpu_agrees(&found, start);
	assert_cpu_agrees(&found, start + length - HUGE_PAGE_SIZE);
	return found;
}

struct huge_levels outside_levels_of(const void *address, uint64_t length)
{
	struct page_table found = outside_read(address, length);
	struct huge_levels levels = page_table_levels(&found, address, length);

	page_table_free(&found);
	return levels;
}

static uint64_t pagemap_entry(const void *address)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t entry;

	igt_assert_fd(fd);
	igt_assert_eq(pread(fd, &entry, sizeof(entry),
			    (uintptr_t)address / HUGE_PAGE_SIZE * sizeof(entry)), sizeof(entry));
	close(fd);
	igt_assert_f(entry >> 63, "%p is not in memory\n", address);
	return entry;
}

uint64_t pagemap_pfn(const void *address)
{
	return pagemap_entry(address) & ((UINT64_C(1) << 55) - 1);
}

bool pagemap_soft_dirty(const void *address)
{
	return pagemap_entry(address) >> 55 & 1;
}

static bool finds(const char *page)
{
	struct page_table found = read_tables((uintptr_t)page, HUGE_PAGE_SIZE);
	uint64_t physical = physical_in(&found, (uintptr_t)page);

	page_table_free(&found);
	return physical == pagemap_pfn(page) * HUGE_PAGE_SIZE;
}

void outside_start(void)
{
	char *page;
	bool found = false;

	monitor = monitor_open();
	page = mmap(NULL, HUGE_PAGE_SIZE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
	igt_assert(page != MAP_FAILED);
	*(volatile char *)page = 1;
	stay_on_cpu();
	for (int tries = 0; tries < TRIES && !found; tries++) {
		take_registers();
		found = finds(page);
	}
	leave_cpu();
	munmap(page, HUGE_PAGE_SIZE);
	igt_assert_f(found, "CR3 of processor %d does not lead to this process's pages\n", CPU);
}

void outside_stop(void)
{
	if (monitor >= 0)
		monitor_close(monitor);
	monitor = -1;
}
