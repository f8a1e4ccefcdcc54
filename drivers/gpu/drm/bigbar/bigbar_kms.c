// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shows buffer objects on the display of QEMU's bochs-display.
 */

/**
 * DOC: Display
 *
 * QEMU's bochs-display is a memory BAR and a few registers that say which part of it is on the
 * screen. With the module parameter display, bigbar drives it: one pipe whose plane shows a
 * contiguous buffer object in VRAM, which is pinned as long as it is shown. On other devices the
 * parameter has no effect.
 *
 * There is no emulation of fbdev, so no console on this display: it would keep a buffer object
 * of the kernel's in VRAM, which may be small, and tests count what is in it.
 *
 * The device has no interrupt. So a page flip is over as soon as the registers are written.
 */

#include <linux/aperture.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>

#include <drm/drm_atomic.h>
#include <drm/drm_atomic_helper.h>
#include <drm/drm_connector.h>
#include <drm/drm_crtc.h>
#include <drm/drm_drv.h>
#include <drm/drm_edid.h>
#include <drm/drm_encoder.h>
#include <drm/drm_fourcc.h>
#include <drm/drm_framebuffer.h>
#include <drm/drm_gem_atomic_helper.h>
#include <drm/drm_gem_framebuffer_helper.h>
#include <drm/drm_mode_config.h>
#include <drm/drm_modeset_helper.h>
#include <drm/drm_modeset_helper_vtables.h>
#include <drm/drm_plane.h>
#include <drm/drm_print.h>
#include <drm/drm_probe_helper.h>

#include <drm/bigbar_drm.h>

#include "bigbar_drv.h"

#define BIGBAR_KMS_VENDOR	0x1234
#define BIGBAR_KMS_DEVICE	0x1111

/* The registers have 16 bits each, and are in this BAR, from this offset on. */
#define BIGBAR_KMS_BAR		2
#define BIGBAR_KMS_OFFSET	0x500

enum bigbar_kms_register {
	BIGBAR_KMS_ID,
	BIGBAR_KMS_WIDTH,
	BIGBAR_KMS_HEIGHT,
	BIGBAR_KMS_BITS,
	BIGBAR_KMS_ENABLE,
	BIGBAR_KMS_BANK,
	BIGBAR_KMS_LINE,	/* pixels from one line to the next */
	BIGBAR_KMS_LINES,
	BIGBAR_KMS_X,
	BIGBAR_KMS_Y,
	BIGBAR_KMS_REGISTERS
};

/* The last digit of the identity is a version. */
#define BIGBAR_KMS_ID_MASK	0xfff0
#define BIGBAR_KMS_ID_VALUE	0xb0c0

#define BIGBAR_KMS_ENABLED	0x01
#define BIGBAR_KMS_LINEAR	0x40

#define BIGBAR_KMS_CPP		4
#define BIGBAR_KMS_MIN_SIZE	64
#define BIGBAR_KMS_MAX_SIZE	8192

static bool display;
module_param(display, bool, 0444);
MODULE_PARM_DESC(display,
		 "Drive the display of a bochs-display, QEMU's, that bigbar is given: off by default.");

static const u32 bigbar_kms_formats[] = { DRM_FORMAT_XRGB8888 };

static struct bigbar_device *bigbar_kms_device(const struct drm_plane *plane)
{
	return to_bigbar(plane->dev);
}

static u16 bigbar_kms_read(struct bigbar_device *bigbar, enum bigbar_kms_register reg)
{
	return readw(bigbar->kms.registers + reg * sizeof(u16));
}

static void bigbar_kms_write(struct bigbar_device *bigbar, enum bigbar_kms_register reg,
			     u16 value)
{
	writew(value, bigbar->kms.registers + reg * sizeof(u16));
}

static struct bigbar_bo *bigbar_kms_bo(const struct drm_framebuffer *fb)
{
	return gem_to_bigbar_bo(fb->obj[0]);
}

/* Where the first byte that is shown is, from the beginning of the BAR. The BO is pinned. */
static u64 bigbar_kms_start(const struct drm_plane_state *state)
{
	const struct drm_framebuffer *fb = state->fb;
	struct bigbar_device *bigbar = to_bigbar(fb->dev);
	struct ttm_resource *res = bigbar_kms_bo(fb)->ttm.resource;
	const struct bigbar_piece *piece =
		bigbar_piece(to_bigbar_vram_resource(res)->pieces, 0);

	return bigbar->vram.phys - pci_resource_start(to_pci_dev(fb->dev->dev), 0) +
	       ((u64)piece->vram_page << PAGE_SHIFT) + fb->offsets[0] +
	       (u64)(state->src.y1 >> 16) * fb->pitches[0] +
	       (state->src.x1 >> 16) * BIGBAR_KMS_CPP;
}

static int bigbar_kms_pin(struct bigbar_bo *bo)
{
	struct ttm_operation_ctx ctx = {
		.interruptible = true,
		.gfp_retry_mayfail = true,
	};
	int ret;

	ret = ttm_bo_reserve(&bo->ttm, true, false, NULL);
	if (ret)
		return ret;
	ret = bigbar_bo_place(bo, DRM_BIGBAR_PLACEMENT_VRAM, &ctx);
	if (!ret) {
		ttm_bo_pin(&bo->ttm);
		bo->shown++;
	}
	ttm_bo_unreserve(&bo->ttm);
	return ret;
}

static void bigbar_kms_unpin(struct bigbar_bo *bo)
{
	/* Fails only if it is interrupted. */
	ttm_bo_reserve(&bo->ttm, false, false, NULL);
	bo->shown--;
	ttm_bo_unpin(&bo->ttm);
	ttm_bo_unreserve(&bo->ttm);
}

static int bigbar_kms_prepare_fb(struct drm_plane *plane, struct drm_plane_state *state)
{
	struct bigbar_bo *bo;
	int ret;

	if (!state->fb)
		return 0;
	bo = bigbar_kms_bo(state->fb);
	ret = bigbar_kms_pin(bo);
	if (ret)
		return ret;
	/* The registers count in lines, and have 16 bits. */
	if (bigbar_kms_start(state) / state->fb->pitches[0] > U16_MAX)
		ret = -ENOSPC;
	else
		/* Have the commit wait for moves, and for drawing that is not finished. */
		ret = drm_gem_plane_helper_prepare_fb(plane, state);
	if (ret)
		bigbar_kms_unpin(bo);
	return ret;
}

static void bigbar_kms_cleanup_fb(struct drm_plane *plane, struct drm_plane_state *state)
{
	if (state->fb)
		bigbar_kms_unpin(bigbar_kms_bo(state->fb));
}

/* The display reads one block of VRAM, by whole pixels. */
static int bigbar_kms_check_fb(const struct drm_framebuffer *fb)
{
	const struct bigbar_bo *bo = bigbar_kms_bo(fb);

	if (bo->imported || !(bo->flags & DRM_BIGBAR_GEM_CREATE_CONTIGUOUS))
		return -EINVAL;
	if (fb->pitches[0] % BIGBAR_KMS_CPP || fb->offsets[0] % BIGBAR_KMS_CPP ||
	    fb->pitches[0] / BIGBAR_KMS_CPP > U16_MAX)
		return -EINVAL;
	return 0;
}

static int bigbar_kms_plane_check(struct drm_plane *plane, struct drm_atomic_commit *commit)
{
	struct drm_plane_state *state = drm_atomic_get_new_plane_state(commit, plane);
	struct drm_crtc_state *crtc_state = NULL;
	int ret;

	if (state->crtc)
		crtc_state = drm_atomic_get_new_crtc_state(commit, state->crtc);
	ret = drm_atomic_helper_check_plane_state(state, crtc_state, DRM_PLANE_NO_SCALING,
						  DRM_PLANE_NO_SCALING, false, false);
	if (ret || !state->fb)
		return ret;
	return bigbar_kms_check_fb(state->fb);
}

static void bigbar_kms_plane_update(struct drm_plane *plane, struct drm_atomic_commit *commit)
{
	const struct drm_plane_state *state = drm_atomic_get_new_plane_state(commit, plane);
	struct bigbar_device *bigbar = bigbar_kms_device(plane);
	u32 pitch;
	u64 start;
	int idx;

	if (!state->fb || !drm_dev_enter(plane->dev, &idx))
		return;
	pitch = state->fb->pitches[0];
	start = bigbar_kms_start(state);
	bigbar_kms_write(bigbar, BIGBAR_KMS_LINE, pitch / BIGBAR_KMS_CPP);
	bigbar_kms_write(bigbar, BIGBAR_KMS_X, start % pitch / BIGBAR_KMS_CPP);
	bigbar_kms_write(bigbar, BIGBAR_KMS_Y, start / pitch);
	drm_dev_exit(idx);
}

static const struct drm_plane_helper_funcs bigbar_kms_plane_helper_funcs = {
	.prepare_fb = bigbar_kms_prepare_fb,
	.cleanup_fb = bigbar_kms_cleanup_fb,
	.atomic_check = bigbar_kms_plane_check,
	.atomic_update = bigbar_kms_plane_update,
};

static const struct drm_plane_funcs bigbar_kms_plane_funcs = {
	.update_plane = drm_atomic_helper_update_plane,
	.disable_plane = drm_atomic_helper_disable_plane,
	.destroy = drm_plane_cleanup,
	.reset = drm_atomic_helper_plane_reset,
	.atomic_duplicate_state = drm_atomic_helper_plane_duplicate_state,
	.atomic_destroy_state = drm_atomic_helper_plane_destroy_state,
};

static int bigbar_kms_crtc_check(struct drm_crtc *crtc, struct drm_atomic_commit *commit)
{
	struct drm_crtc_state *state = drm_atomic_get_new_crtc_state(commit, crtc);

	return state->enable ? drm_atomic_helper_check_crtc_primary_plane(state) : 0;
}

/* The plane follows, with where in VRAM the picture is. */
static void bigbar_kms_crtc_enable(struct drm_crtc *crtc, struct drm_atomic_commit *commit)
{
	const struct drm_display_mode *mode = &crtc->state->mode;
	struct bigbar_device *bigbar = to_bigbar(crtc->dev);
	int idx;

	if (!drm_dev_enter(crtc->dev, &idx))
		return;
	bigbar_kms_write(bigbar, BIGBAR_KMS_ENABLE, 0);
	bigbar_kms_write(bigbar, BIGBAR_KMS_BITS, BIGBAR_KMS_CPP * BITS_PER_BYTE);
	bigbar_kms_write(bigbar, BIGBAR_KMS_WIDTH, mode->hdisplay);
	bigbar_kms_write(bigbar, BIGBAR_KMS_HEIGHT, mode->vdisplay);
	bigbar_kms_write(bigbar, BIGBAR_KMS_ENABLE, BIGBAR_KMS_ENABLED | BIGBAR_KMS_LINEAR);
	drm_dev_exit(idx);
}

static void bigbar_kms_crtc_disable(struct drm_crtc *crtc, struct drm_atomic_commit *commit)
{
	int idx;

	if (!drm_dev_enter(crtc->dev, &idx))
		return;
	bigbar_kms_write(to_bigbar(crtc->dev), BIGBAR_KMS_ENABLE, 0);
	drm_dev_exit(idx);
}

static const struct drm_crtc_helper_funcs bigbar_kms_crtc_helper_funcs = {
	.atomic_check = bigbar_kms_crtc_check,
	.atomic_enable = bigbar_kms_crtc_enable,
	.atomic_disable = bigbar_kms_crtc_disable,
};

static const struct drm_crtc_funcs bigbar_kms_crtc_funcs = {
	.reset = drm_atomic_helper_crtc_reset,
	.destroy = drm_crtc_cleanup,
	.set_config = drm_atomic_helper_set_config,
	.page_flip = drm_atomic_helper_page_flip,
	.atomic_duplicate_state = drm_atomic_helper_crtc_duplicate_state,
	.atomic_destroy_state = drm_atomic_helper_crtc_destroy_state,
};

static const struct drm_encoder_funcs bigbar_kms_encoder_funcs = {
	.destroy = drm_encoder_cleanup,
};

static int bigbar_kms_get_modes(struct drm_connector *connector)
{
	int count = drm_add_modes_noedid(connector, BIGBAR_KMS_MAX_SIZE, BIGBAR_KMS_MAX_SIZE);

	drm_set_preferred_mode(connector, 1024, 768);
	return count;
}

static const struct drm_connector_helper_funcs bigbar_kms_connector_helper_funcs = {
	.get_modes = bigbar_kms_get_modes,
};

static const struct drm_connector_funcs bigbar_kms_connector_funcs = {
	.fill_modes = drm_helper_probe_single_connector_modes,
	.destroy = drm_connector_cleanup,
	.reset = drm_atomic_helper_connector_reset,
	.atomic_duplicate_state = drm_atomic_helper_connector_duplicate_state,
	.atomic_destroy_state = drm_atomic_helper_connector_destroy_state,
};

static enum drm_mode_status bigbar_kms_mode_valid(struct drm_device *drm,
						  const struct drm_display_mode *mode)
{
	u64 size = (u64)mode->hdisplay * mode->vdisplay * BIGBAR_KMS_CPP;

	if (mode->hdisplay < BIGBAR_KMS_MIN_SIZE || mode->vdisplay < BIGBAR_KMS_MIN_SIZE)
		return MODE_BAD;
	return size <= to_bigbar(drm)->vram.size ? MODE_OK : MODE_MEM;
}

static const struct drm_mode_config_funcs bigbar_kms_config_funcs = {
	.fb_create = drm_gem_fb_create,
	.mode_valid = bigbar_kms_mode_valid,
	.atomic_check = drm_atomic_helper_check,
	.atomic_commit = drm_atomic_helper_commit,
};

/* The mode is set before the plane is: that may reset where the picture is. */
static const struct drm_mode_config_helper_funcs bigbar_kms_config_helper_funcs = {
	.atomic_commit_tail = drm_atomic_helper_commit_tail_rpm,
};

static int bigbar_kms_map_registers(struct bigbar_device *bigbar, struct pci_dev *pdev)
{
	const size_t size = BIGBAR_KMS_REGISTERS * sizeof(u16);
	int ret;

	if (!(pci_resource_flags(pdev, BIGBAR_KMS_BAR) & IORESOURCE_MEM) ||
	    pci_resource_len(pdev, BIGBAR_KMS_BAR) < BIGBAR_KMS_OFFSET + size)
		return -ENODEV;
	ret = pcim_request_region(pdev, BIGBAR_KMS_BAR, "bigbar");
	if (ret)
		return ret;
	bigbar->kms.registers = devm_ioremap(&pdev->dev,
					     pci_resource_start(pdev, BIGBAR_KMS_BAR) +
					     BIGBAR_KMS_OFFSET, size);
	if (!bigbar->kms.registers)
		return -ENOMEM;
	if ((bigbar_kms_read(bigbar, BIGBAR_KMS_ID) & BIGBAR_KMS_ID_MASK) != BIGBAR_KMS_ID_VALUE)
		return -ENODEV;
	return 0;
}

static int bigbar_kms_init_config(struct bigbar_device *bigbar)
{
	struct drm_mode_config *config = &bigbar->drm.mode_config;
	int ret;

	ret = drmm_mode_config_init(&bigbar->drm);
	if (ret)
		return ret;
	config->max_width = BIGBAR_KMS_MAX_SIZE;
	config->max_height = BIGBAR_KMS_MAX_SIZE;
	config->preferred_depth = 24;
	/* To read VRAM is slow. */
	config->prefer_shadow = 1;
	config->funcs = &bigbar_kms_config_funcs;
	config->helper_private = &bigbar_kms_config_helper_funcs;
	return 0;
}

static int bigbar_kms_init_pipe(struct bigbar_device *bigbar)
{
	struct bigbar_kms *kms = &bigbar->kms;
	struct drm_device *drm = &bigbar->drm;
	int ret;

	ret = drm_universal_plane_init(drm, &kms->plane, 0, &bigbar_kms_plane_funcs,
				       bigbar_kms_formats, ARRAY_SIZE(bigbar_kms_formats), NULL,
				       DRM_PLANE_TYPE_PRIMARY, NULL);
	if (ret)
		return ret;
	drm_plane_helper_add(&kms->plane, &bigbar_kms_plane_helper_funcs);

	ret = drm_crtc_init_with_planes(drm, &kms->crtc, &kms->plane, NULL,
					&bigbar_kms_crtc_funcs, NULL);
	if (ret)
		return ret;
	drm_crtc_helper_add(&kms->crtc, &bigbar_kms_crtc_helper_funcs);

	ret = drm_encoder_init(drm, &kms->encoder, &bigbar_kms_encoder_funcs,
			       DRM_MODE_ENCODER_VIRTUAL, NULL);
	if (ret)
		return ret;
	kms->encoder.possible_crtcs = drm_crtc_mask(&kms->crtc);

	ret = drm_connector_init(drm, &kms->connector, &bigbar_kms_connector_funcs,
				 DRM_MODE_CONNECTOR_VIRTUAL);
	if (ret)
		return ret;
	drm_connector_helper_add(&kms->connector, &bigbar_kms_connector_helper_funcs);
	return drm_connector_attach_encoder(&kms->connector, &kms->encoder);
}

static void bigbar_kms_stop_polling(void *drm)
{
	drm_kms_helper_poll_fini(drm);
}

static int bigbar_kms_init_display(struct bigbar_device *bigbar, struct pci_dev *pdev)
{
	struct drm_device *drm = &bigbar->drm;
	int ret;

	ret = bigbar_kms_map_registers(bigbar, pdev);
	if (ret)
		return ret;
	ret = bigbar_kms_init_config(bigbar);
	if (ret)
		return ret;
	ret = bigbar_kms_init_pipe(bigbar);
	if (ret)
		return ret;
	drm_mode_config_reset(drm);
	/* The display is always connected. But helpers for sleep stop what this sets up. */
	drm_kms_helper_poll_init(drm);
	return devm_add_action_or_reset(drm->dev, bigbar_kms_stop_polling, drm);
}

static bool bigbar_kms_is_wanted(const struct pci_dev *pdev)
{
	return display && pdev->vendor == BIGBAR_KMS_VENDOR && pdev->device == BIGBAR_KMS_DEVICE;
}

/**
 * bigbar_kms_take_over - take the display from the firmware's framebuffer
 * @pdev: the device
 *
 * Context: probe, before its BARs are requested.
 *
 * Return: 0, also if there is no display to drive, or a negative error code.
 */
int bigbar_kms_take_over(struct pci_dev *pdev)
{
	if (!bigbar_kms_is_wanted(pdev))
		return 0;
	return aperture_remove_conflicting_pci_devices(pdev, "bigbar");
}

/**
 * bigbar_kms_init - set up the display, if there is one to drive
 * @bigbar: the device, with TTM set up
 *
 * Context: probe, before the DRM device is registered. It is undone when that is released;
 * bigbar_kms_off() comes first.
 *
 * Return: 0, also if there is no display to drive, or a negative error code.
 */
int bigbar_kms_init(struct bigbar_device *bigbar)
{
	struct pci_dev *pdev = to_pci_dev(bigbar->drm.dev);

	if (bigbar_kms_is_wanted(pdev))
		return bigbar_kms_init_display(bigbar, pdev);
	bigbar->drm.driver_features &= ~(DRIVER_MODESET | DRIVER_ATOMIC);
	return 0;
}

static bool bigbar_kms_has_display(struct bigbar_device *bigbar)
{
	return drm_core_check_feature(&bigbar->drm, DRIVER_MODESET);
}

/**
 * bigbar_kms_off - show nothing any more
 * @bigbar: the device; it may be unplugged
 *
 * Context: process context, when the driver is unbound or the system shuts down.
 */
void bigbar_kms_off(struct bigbar_device *bigbar)
{
	if (bigbar_kms_has_display(bigbar))
		drm_atomic_helper_shutdown(&bigbar->drm);
}

/**
 * bigbar_kms_suspend - turn the display off, and remember what it shows
 * @bigbar: the device
 *
 * Context: process context. No program runs.
 *
 * Return: 0, and nothing is pinned for the display; or a negative error code.
 */
int bigbar_kms_suspend(struct bigbar_device *bigbar)
{
	if (!bigbar_kms_has_display(bigbar))
		return 0;
	return drm_mode_config_helper_suspend(&bigbar->drm);
}

/**
 * bigbar_kms_is_suspended - whether the display is off for a sleep
 * @bigbar: the device
 *
 * Context: process context. No program sets a mode at the time.
 *
 * Return: true between bigbar_kms_suspend() and bigbar_kms_resume().
 */
bool bigbar_kms_is_suspended(struct bigbar_device *bigbar)
{
	return bigbar->drm.mode_config.suspend_state;
}

/**
 * bigbar_kms_resume - have the display show again what it did
 * @bigbar: the device, which is awake; it need not have slept
 *
 * Context: process context.
 */
void bigbar_kms_resume(struct bigbar_device *bigbar)
{
	/* Where this fails, it stays off, and the kernel log says so. */
	if (bigbar_kms_is_suspended(bigbar))
		drm_mode_config_helper_resume(&bigbar->drm);
}
