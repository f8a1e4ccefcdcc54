/* SPDX-License-Identifier: MIT */
/* Displays: what is on the screen, as QEMU's monitor dumps it. */
#ifndef DISPLAY_H
#define DISPLAY_H

#include <stdint.h>

#define DISPLAY_WIDTH 1024
#define DISPLAY_HEIGHT 768

/* A connector with a display that has a mode of this size. Skips without one. */
uint32_t display_connector(int fd);

/*
 * The first lines of the screen become these pixels (0xRRGGBB) within some seconds. The dump
 * is NAME.ppm in the folder RESULTS. Skips without that, or without a monitor.
 */
void display_assert_shows(const char *name, const uint32_t *pixels, unsigned int lines);

/* modetest sets a mode with a picture that it draws, and this comes to the screen. */
void display_assert_modetest(const char *driver, uint32_t connector);

#endif
