/* SPDX-License-Identifier: MIT */
/* The reservation of a buffer object, held as if it were being moved. */
#ifndef RESERVATION_H
#define RESERVATION_H

#include <stdbool.h>

/*
 * Takes the reservation of the buffer object that is mapped at an address of this
 * process, one at a time; requires the module for it. It is let go of by
 * release_reservation(), which clean-ups call, and after 20 s in any case: then
 * whatever waited for it goes on, and is_reservation_held() tells.
 */
void hold_reservation(const void *address);
bool is_reservation_held(void);
void release_reservation(void);

#endif
