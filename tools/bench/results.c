// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdlib.h>
#include <string.h>

#include "results.h"
#include "ways.h"

static struct part *find_part(struct result *result, const char *name)
{
	for (unsigned int i = 0; i < result->nr_parts; i++) {
		if (!strcmp(result->parts[i].name, name))
			return &result->parts[i];
	}
	if (result->nr_parts == MAX_PARTS)
		errx(EXIT_FAILURE, "%s has too many parts", result->name);
	result->parts[result->nr_parts].name = name;
	return &result->parts[result->nr_parts++];
}

void add_part(struct result *result, const char *name, int64_t ns)
{
	add_sample(&find_part(result, name)->samples, ns);
}

static void print_count(const char *name, const char *field, int64_t count)
{
	if (count >= 0)
		printf("%s.%s %ld\n", name, field, count);
}

void print_result(const struct result *result)
{
	if (result->why_not) {
		printf("%s - (%s)\n", result->name, result->why_not);
		return;
	}
	printf("%s %ld ns\n", result->name, central_sample(&result->ns));
	for (unsigned int i = 0; i < result->nr_parts; i++)
		printf("%s.%s %ld ns\n", result->name, result->parts[i].name,
		       central_sample(&result->parts[i].samples));
	print_count(result->name, "faults", result->faults);
	print_count(result->name, "page_table_bytes", result->page_table_bytes);
	print_count(result->name, "tlb_misses", result->tlb_misses);
}

static void print_samples_json(FILE *out, const struct samples *samples)
{
	const char *separator = "";

	fputc('[', out);
	for (unsigned int i = 0; i < samples->nr; i++) {
		fprintf(out, "%s%ld", separator, samples->ns[i]);
		separator = ", ";
	}
	fputc(']', out);
}

void print_count_json(FILE *out, const char *name, int64_t count)
{
	if (count >= 0)
		fprintf(out, ", \"%s\": %ld", name, count);
}

void print_result_json(FILE *out, const struct result *result)
{
	fprintf(out, "{\"name\": \"%s\", \"work\": \"%s\", \"way\": \"%s\", \"bytes\": %lu",
		result->name, result->work, result->way, result->bytes);
	if (result->why_not) {
		fprintf(out, ", \"why_not\": \"%s\"}", result->why_not);
		return;
	}
	fprintf(out, ", \"ns\": ");
	print_samples_json(out, &result->ns);
	fprintf(out, ", \"parts\": {");
	for (unsigned int i = 0; i < result->nr_parts; i++) {
		fprintf(out, "%s\"%s\": ", i ? ", " : "", result->parts[i].name);
		print_samples_json(out, &result->parts[i].samples);
	}
	fputc('}', out);
	print_count_json(out, "faults", result->faults);
	print_count_json(out, "page_table_bytes", result->page_table_bytes);
	print_count_json(out, "tlb_misses", result->tlb_misses);
	fputc('}', out);
}

void print_ways_json(FILE *out)
{
	for (unsigned int i = 0; i < nr_ways; i++) {
		fprintf(out, "%s    {\"name\": \"%s\", \"what\": \"%s\", ", i ? ",\n" : "",
			ways[i].name, ways[i].what);
		fprintf(out, "\"role\": \"%s\", \"memory\": \"%s\", \"level\": \"%s\"}",
			role_name(ways[i].role), memory_name(ways[i].memory), ways[i].level);
	}
}
