// SPDX-License-Identifier: GPL-2.0-only
//
// Gives the mmap path of a TTM driver to ttm_huge. Names no driver: what it knows is
// how drivers call TTM and GEM. See Documentation/gpu/adopt.rst.

// The device. ttm_huge keeps what it has of a device around TTM's part of it.

@device@
identifier S, M;
@@
struct S {
	...
-	struct ttm_device M;
+	union {
+		struct ttm_device M;
+		struct ttm_huge_device huge;
+	};
	...
};

@header_device depends on device@
@@
 #include <drm/ttm/ttm_device.h>
+#include <drm/ttm_huge.h>

@header_placement depends on device && !header_device@
@@
 #include <drm/ttm/ttm_placement.h>
+#include <drm/ttm_huge.h>

// An error of one is handled as one of the other.

@init_dots@
expression R, D, F, P, X;
identifier M;
expression list ES;
@@
-R = ttm_device_init(&D.M, F, P, X.anon_inode->i_mapping, ES);
+R = drmm_ttm_huge_device_init(&X, &D.huge, NULL);
+if (!R)
+	R = ttm_device_init(&D.M, F, P, X.anon_inode->i_mapping, ES);

@init_dots_pointer@
expression R, D, F, P, X;
identifier M;
expression list ES;
@@
-R = ttm_device_init(&D.M, F, P, X->anon_inode->i_mapping, ES);
+R = drmm_ttm_huge_device_init(X, &D.huge, NULL);
+if (!R)
+	R = ttm_device_init(&D.M, F, P, X->anon_inode->i_mapping, ES);

@init_arrow@
expression R, D, F, P, X;
identifier M;
expression list ES;
@@
-R = ttm_device_init(&D->M, F, P, X.anon_inode->i_mapping, ES);
+R = drmm_ttm_huge_device_init(&X, &D->huge, NULL);
+if (!R)
+	R = ttm_device_init(&D->M, F, P, X.anon_inode->i_mapping, ES);

@init_arrow_pointer@
expression R, D, F, P, X;
identifier M;
expression list ES;
@@
-R = ttm_device_init(&D->M, F, P, X->anon_inode->i_mapping, ES);
+R = drmm_ttm_huge_device_init(X, &D->huge, NULL);
+if (!R)
+	R = ttm_device_init(&D->M, F, P, X->anon_inode->i_mapping, ES);

// The file.

@fops_macro@
declarer name DEFINE_DRM_GEM_FOPS, DEFINE_TTM_HUGE_GEM_FOPS;
identifier O;
@@
-DEFINE_DRM_GEM_FOPS(O);
+DEFINE_TTM_HUGE_GEM_FOPS(O);

@fops@
identifier O;
symbol drm_gem_mmap;
@@
struct file_operations O = {
-	.mmap = drm_gem_mmap,
+	.mmap = ttm_huge_mmap,
+	.get_unmapped_area = ttm_huge_get_unmapped_area,
};

@fops_function@
identifier W;
expression E1, E2;
@@
 W(...)
 {
	<+...
-	drm_gem_mmap(E1, E2)
+	ttm_huge_mmap(E1, E2)
	...+>
 }

@fops_own@
identifier O, fops_function.W;
@@
struct file_operations O = {
	.mmap = W,
+	.get_unmapped_area = ttm_huge_get_unmapped_area,
};

// Buffer objects.

@gem_mmap@
symbol drm_gem_ttm_mmap;
@@
-drm_gem_ttm_mmap
+ttm_huge_gem_mmap

@bo_init_reserved@
expression list ES;
@@
-ttm_bo_init_reserved(ES)
+ttm_huge_bo_init_reserved(ES)

@bo_init_validate@
expression list ES;
@@
-ttm_bo_init_validate(ES)
+ttm_huge_bo_init_validate(ES)

@bo_fini@
identifier W, G;
expression B;
@@
 void W(struct drm_gem_object *G)
 {
	<+...
(
+	ttm_huge_bo_fini(B);
	ttm_bo_fini(B);
|
+	ttm_huge_bo_fini(B);
	ttm_bo_put(B);
)
	...+>
 }

// Where in VRAM they are.

@range_manager@
expression B, T, N;
symbol false;
@@
(
-ttm_range_man_init
+ttm_huge_range_man_init
|
-ttm_range_man_init_nocheck
+ttm_huge_range_man_init
)
 (B, T, false, N)

@no_manager@
expression B, T;
position p;
@@
 ttm_set_driver_manager@p(B, T, NULL)

@own_manager@
expression B, E;
position p != no_manager.p;
@@
-ttm_set_driver_manager@p
+ttm_huge_set_driver_manager
 (B, TTM_PL_VRAM, E)

// What a person sees.

@debugfs@
expression B, R, N;
@@
	ttm_resource_manager_create_debugfs(ttm_manager_type(B, TTM_PL_VRAM), R, N);
+	ttm_huge_debugfs_init(B, R);
