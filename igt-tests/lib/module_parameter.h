/* SPDX-License-Identifier: MIT */
/*
 * Parameters of modules, which are settings as in setting.h: the saved value is restored by
 * the _restore() functions, or at the latest when the program ends.
 */
#ifndef MODULE_PARAMETER_H
#define MODULE_PARAMETER_H

#include <stdbool.h>

/* The largest level that ttm_huge may use: "off", "pte", "pmd" or "pud". */
void max_level_save(void);
void max_level_set(const char *level);
void max_level_restore(void);
/* Writes any text; returns 0 or an errno value. */
int max_level_try(const char *text);
/* Whether it reads as this text. */
bool max_level_is(const char *text);
/* Who may read and write it. */
unsigned int max_level_mode(void);

/* Whether bigbar moves buffer objects in the background: "Y" or "N". */
void async_moves_save(void);
void async_moves_set(const char *moves);
void async_moves_restore(void);
bool async_moves_are(const char *moves);

/* Pages of system memory that TTM may use before it swaps buffer objects out. */
void ttm_pages_limit_save(void);
void ttm_pages_limit_set(unsigned long pages);
void ttm_pages_limit_restore(void);

#endif
