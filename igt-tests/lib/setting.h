/* SPDX-License-Identifier: MIT */
/*
 * Settings of the system that are files of one word, in sysfs for example. The saved value
 * is restored by setting_restore(), or at the latest when the program ends.
 */
#ifndef SETTING_H
#define SETTING_H

#define SETTING_SIZE 64

struct setting {
	const char *path;
	char saved[SETTING_SIZE];
	struct setting *next;	/* the one that was saved before */
};

/* Once in a program, in its first fixture. Skips without the file. */
void setting_save(struct setting *setting);
/* The text of the file as it is. Skips without the file. */
void setting_read(const struct setting *setting, char value[SETTING_SIZE]);
void setting_set(const struct setting *setting, const char *value);
/* Does nothing if it has not been saved. */
void setting_restore(const struct setting *setting);

#endif
