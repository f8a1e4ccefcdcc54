// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what it costs to map memory and to work with the mapping: by ttm_huge and in all
 * other ways, on the same kernel, by the same program.
 */
#include <err.h>
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "levels.h"
#include "measure/measure.h"
#include "pci.h"
#include "plan.h"

/* The patterns of --only; without any, all metrics are wanted. */
static char **wanted;
static int nr_wanted;

static struct result *results;
static unsigned int nr_results;

static bool is_wanted(const char *name)
{
	for (int i = 0; i < nr_wanted; i++) {
		if (!fnmatch(wanted[i], name, 0))
			return true;
	}
	return !nr_wanted;
}

/* Returns how many metrics of this work, way and size are wanted; prints their names if asked. */
static unsigned int wanted_metrics(const struct way *way, const struct work *work,
				   uint64_t size, bool print)
{
	unsigned int count = 0;

	for (int i = 0; i < MAX_METRICS && work->metrics[i]; i++) {
		char name[NAME_LENGTH];

		metric_name(name, work->metrics[i], way, size);
		if (!is_wanted(name))
			continue;
		count++;
		if (print && !why_not(way, work, size))
			puts(name);
	}
	return count;
}

typedef void (*cell_t)(const struct way *way, const struct work *work, uint64_t size);

/* All works of one size come together, so that they can use the same memory. */
static void visit_cells(const struct way *way, cell_t visit)
{
	for (const uint64_t *size = all_sizes; *size; size++) {
		for (const struct work *work = works; work < works + NR_WORKS; work++) {
			if (is_size_of(work, *size) && wanted_metrics(way, work, *size, false))
				visit(way, work, *size);
		}
	}
}

static void list_cell(const struct way *way, const struct work *work, uint64_t size)
{
	wanted_metrics(way, work, size, true);
}

static uint64_t largest_size;

static void look_at_cell(const struct way *way, const struct work *work, uint64_t size)
{
	if (!why_not(way, work, size) && size > largest_size)
		largest_size = size;
}

static struct result *add_results(void)
{
	results = realloc(results, (nr_results + MAX_METRICS) * sizeof(*results));
	if (!results)
		errx(EXIT_FAILURE, "no memory for %u results", nr_results);
	memset(results + nr_results, 0, MAX_METRICS * sizeof(*results));
	return results + nr_results;
}

/* Drops results that were not asked for, but were measured with others. */
static void keep_results(struct result *found, const char *reason)
{
	for (int i = 0; i < MAX_METRICS && found[i].work; i++) {
		if (!is_wanted(found[i].name))
			continue;
		if (reason)
			found[i].why_not = reason;
		results[nr_results++] = found[i];
	}
}

/* The memory of the last work, which the next one may use as well. */
static struct subject subject;

static void close_subject(const struct way *way)
{
	if (subject.size)
		way->close(&subject);
	subject.size = 0;
}

static void run_work(const struct way *way, const struct work *work, uint64_t size,
		     struct result *found)
{
	if (subject.size != size) {
		close_subject(way);
		subject = (struct subject){ .size = size };
		way->open(way, &subject);
	}
	work->run(way, &subject, found);
}

static void measure_cell(const struct way *way, const struct work *work, uint64_t size)
{
	const char *reason = why_not(way, work, size);
	struct result *found = add_results();

	for (int i = 0; i < MAX_METRICS && work->metrics[i]; i++) {
		metric_name(found[i].name, work->metrics[i], way, size);
		found[i].work = work->metrics[i];
		found[i].way = way->name;
		found[i].bytes = size;
		found[i].faults = -1;
		found[i].page_table_bytes = -1;
		found[i].tlb_misses = -1;
	}
	if (!reason)
		run_work(way, work, size, found);
	keep_results(found, reason);
}

static void measure_way(const struct way *way)
{
	uint64_t start = now_ns();

	largest_size = 0;
	visit_cells(way, look_at_cell);
	fprintf(stderr, "bench: [%2ld/%u] %s", way - ways + 1, nr_ways, way->what);
	if (largest_size && way->begin)
		way->begin(way, largest_size);
	visit_cells(way, measure_cell);
	close_subject(way);
	if (largest_size && way->end)
		way->end();
	fprintf(stderr, ", %.1f s\n", (now_ns() - start) / 1e9);
}

static bool found_wanted;

static void find_wanted(const struct way *way, const struct work *work, uint64_t size)
{
	(void)way;
	(void)work;
	(void)size;
	found_wanted = true;
}

static bool any_wanted(const struct way *way)
{
	found_wanted = false;
	visit_cells(way, find_wanted);
	return found_wanted;
}

static void print_works(FILE *out)
{
	const char *separator = "";

	for (const struct work *work = works; work < works + NR_WORKS; work++) {
		for (int i = 0; i < MAX_METRICS && work->metrics[i]; i++) {
			fprintf(out, "%s    {\"name\": \"%s\", \"what\": \"%s\"}",
				separator, work->metrics[i], work->what[i]);
			separator = ",\n";
		}
	}
}

static void print_why_no_tlb_misses(FILE *out)
{
	const char *reason = why_no_tlb_misses();

	if (reason)
		fprintf(out, "  \"why_no_tlb_misses\": \"%s\",\n", reason);
}

static void print_all(FILE *out, uint64_t clock_ns)
{
	struct utsname kernel;

	uname(&kernel);
	fprintf(out, "{\n  \"kernel\": \"%s\",\n  \"time\": \"%s\",\n", kernel.release,
		wall_time ? "wall" : "instructions");
	fprintf(out, "  \"clock\": {\"instructions\": %d, \"ns\": %lu},\n",
		CLOCK_CHECK_INSTRUCTIONS, clock_ns);
	print_why_no_tlb_misses(out);
	print_levels_json(out);
	fprintf(out, "  \"ways\": [\n");
	print_ways_json(out);
	fprintf(out, "\n  ],\n  \"works\": [\n");
	print_works(out);
	fprintf(out, "\n  ],\n  \"results\": [\n");
	for (unsigned int i = 0; i < nr_results; i++) {
		fprintf(out, "    ");
		print_result_json(out, &results[i]);
		fprintf(out, "%s\n", i + 1 < nr_results ? "," : "");
	}
	fprintf(out, "  ]\n}\n");
}

/* Opens the file only now, so that an earlier error leaves no file, nor half of one. */
static void write_json(const char *path, uint64_t clock_ns)
{
	FILE *out = fopen(path, "w");

	if (!out)
		err(EXIT_FAILURE, "cannot write %s", path);
	print_all(out, clock_ns);
	if (ferror(out) || fclose(out))
		err(EXIT_FAILURE, "cannot write %s", path);
}

/* After this, no page of this program faults while the first figure is measured. */
static void warm_up(void)
{
	const struct way *way = &ways[0];
	struct result unused[MAX_METRICS] = {};

	way->begin(way, 0);
	run_work(way, &works[WORK_TOUCH], 4ULL << 20, unused);
	memset(unused, 0, sizeof(unused));
	run_work(way, &works[WORK_TWO_THREADS], 4ULL << 20, unused);
	close_subject(way);
	way->end();
}

static void print_help(void)
{
	printf("Usage: bench [--json FILE [--levels SIZE]] [--only NAME...]\n"
	       "       bench --list [--only NAME...]\n"
	       "Measure what it costs to map memory in many ways and to work with it.\n"
	       "\n"
	       "  --only NAME  measure this: WORK.WAY.SIZE, as --list prints it; may be a pattern\n"
	       "               with * and ?; can be repeated (all)\n"
	       "  --json FILE  write the results to FILE instead of printing them\n"
	       "  --levels SIZE  first map a buffer object of SIZE, such as 4G, by entries of each\n"
	       "               level; its costs and page tables go to FILE, too\n"
	       "  --list       print the names of all that can be measured\n"
	       "  --help       this text\n"
	       "\n"
	       "If an instruction takes a nanosecond (QEMU's -icount), times repeat, and few\n"
	       "samples are taken. Otherwise there are a warm-up, more samples, and a median.\n");
}

struct request {
	const char *json;
	uint64_t levels_size;
	bool list;
};

static struct request parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "json", required_argument, NULL, 'j' },
		{ "levels", required_argument, NULL, 'v' },
		{ "list", no_argument, NULL, 'l' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct request request = {};
	int option;

	wanted = calloc(argc, sizeof(*wanted));
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'o':
			wanted[nr_wanted++] = optarg;
			break;
		case 'j':
			request.json = optarg;
			break;
		case 'v':
			request.levels_size = parse_size(optarg);
			break;
		case 'l':
			request.list = true;
			break;
		case 'h':
			print_help();
			exit(EXIT_SUCCESS);
		default:
			exit(EXIT_FAILURE);
		}
	}
	if (optind < argc)
		errx(EXIT_FAILURE, "unknown argument '%s'; see --help", argv[optind]);
	if (request.levels_size && !request.json)
		errx(EXIT_FAILURE, "--levels needs --json FILE; see --help");
	return request;
}

static void check_wanted(void)
{
	for (unsigned int i = 0; i < nr_ways; i++) {
		if (any_wanted(&ways[i]))
			return;
	}
	errx(EXIT_FAILURE, "nothing is called '%s'; see --list", wanted[0]);
}

static void measure(const struct request *request)
{
	uint64_t clock_ns;

	find_max_level();
	find_pci_device();
	clock_ns = clock_check_ns();
	wall_time = !counts_instructions(clock_ns);
	warm_up();
	if (request->levels_size)
		measure_levels(request->levels_size);
	for (unsigned int i = 0; i < nr_ways; i++) {
		if (any_wanted(&ways[i]))
			measure_way(&ways[i]);
	}
	if (request->json)
		write_json(request->json, clock_ns);
	for (unsigned int i = 0; !request->json && i < nr_results; i++)
		print_result(&results[i]);
}

int main(int argc, char **argv)
{
	struct request request = parse_options(argc, argv);

	check_wanted();
	if (!request.list) {
		measure(&request);
		return EXIT_SUCCESS;
	}
	for (unsigned int i = 0; i < nr_ways; i++)
		visit_cells(&ways[i], list_cell);
	return EXIT_SUCCESS;
}
