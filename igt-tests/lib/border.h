/* SPDX-License-Identifier: MIT */
/*
 * Borders: mappings of exactly what one huge entry maps, of a page less and a page more,
 * and what should be mapped after an operation on them.
 *
 * A scene is a buffer object and its mappings as they should be. Operations change
 * both the mappings and the scene; border_check() compares them.
 */
#ifndef BORDER_H
#define BORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "huge_device.h"

/* A range of user addresses that maps a buffer object: a VMA, or a part of one. */
struct border_view {
	char *address;
	uint64_t start;		/* in the buffer object */
	uint64_t length;
};

#define BORDER_VIEWS 8
#define BORDER_WORDS 64

struct border_scene {
	char name[96];			/* for messages */
	struct huge_bo bo;
	struct border_view target;	/* what an operation is applied to: the last thing */
	struct border_view views[BORDER_VIEWS];	/* the VMAs that there should be */
	unsigned int count;
	uint64_t words[BORDER_WORDS];	/* the pages that have known contents */
	unsigned int word_count;
	uint64_t seed;
};

struct border_size {
	const char *name;
	enum huge_level level;		/* whose entry is the border */
	uint64_t bytes;
};

/**
 * struct border_thing - something that has one of these sizes
 * @name: for messages and for the table of borders
 * @bo_size: size of the buffer object for it
 * @map: makes mappings in a scene that has its buffer object
 * @is_part: the mapping is larger, and operations are applied to a part of it
 */
struct border_thing {
	const char *name;
	uint64_t (*bo_size)(const struct border_size *size);
	void (*map)(struct border_scene *scene, const struct border_size *size);
	bool is_part;
};

#define BORDER_SIZES 6

extern const struct border_size border_sizes[BORDER_SIZES];
/* Things with buffer objects of the same size follow each other. */
extern const struct border_thing border_things[];
extern const unsigned int border_thing_count;

/* Without mappings; there is one scene at a time, and nothing else uses VRAM. */
struct border_scene *border_make(int fd, uint64_t bo_size);
/* Adds a thing, which has known contents and no entries yet. */
void border_map(struct border_scene *scene, const struct border_thing *thing,
		const struct border_size *size);
void border_unmap(struct border_scene *scene);
void border_destroy(struct border_scene *scene);
/* For clean-up after a failure. */
void border_release(void);

/* Whether the operation is applied to less than a VMA. */
bool border_is_part(const struct border_scene *scene);
/* Tells the scene that a part is a VMA of its own now, or a hole. */
void border_cut(struct border_scene *scene, const struct border_view *part, bool hole);
void border_add(struct border_scene *scene, const struct border_view *view);
/* A free address that is off the alignment of PUD entries by as much as @like. */
char *border_room(const char *like, uint64_t length);

/* One page after the other of a view, as far as each page table needs it. */
void border_touch(const struct border_view *view);
void border_renew(struct border_scene *scene);
/* The entries that there should be when all is touched, and those that there are. */
struct huge_levels border_expected(const struct border_scene *scene);
struct huge_levels border_found(const struct border_scene *scene);
/* One view for huge_expected_levels() and its like. */
struct huge_mapping border_mapping(const struct border_scene *scene,
				   const struct border_view *view);
/* The entries of the scene's buffer object in this process are these and no others. */
void border_assert_levels(const struct border_scene *scene, const struct huge_levels *expected,
			  const char *when);
void border_assert_data(const struct border_scene *scene, const char *when);
void border_assert_gone(const struct border_scene *scene, const struct border_view *view,
			const char *when);
/* Data are right, entries are as large as possible, and nothing else is mapped. */
void border_check(const struct border_scene *scene, const char *when);

#endif
