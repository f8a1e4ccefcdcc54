/* SPDX-License-Identifier: MIT */
/* What /proc/self/smaps says of a mapping. Reading it splits PUD entries. */
#ifndef SMAPS_H
#define SMAPS_H

#define SMAPS_LINE 512

/*
 * The rest of the line that begins with @field, for example "VmFlags:", of the mapping that
 * begins at the address. Asserts that there is such a line.
 */
void smaps_field(const void *address, const char *field, char rest[SMAPS_LINE]);

#endif
