/* SPDX-License-Identifier: MIT */
/* The largest level that ttm_huge may use: a parameter of the module. */
#ifndef MODULE_PARAMETER_H
#define MODULE_PARAMETER_H

/* "off", "pte", "pmd" or "pud". */
void max_level_set(const char *level);
/* Remembers the value that was found, and puts it back when the program ends. */
void max_level_save(void);
void max_level_restore(void);

#endif
