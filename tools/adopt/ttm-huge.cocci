// SPDX-License-Identifier: GPL-2.0-only
//
// Converts the mmap path of a TTM driver to ttm_huge. Names no driver: it only knows how
// drivers call TTM and GEM. See Documentation/tools/adopt.rst.

// The device. struct ttm_huge_device begins with TTM's, and has ttm_huge's data after it.

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

@device_nested@
identifier S, M, N;
@@
 struct S {
	...
	struct {
		...
-		struct ttm_device M;
+		union {
+			struct ttm_device M;
+			struct ttm_huge_device huge;
+		};
		...
	} N;
	...
 };

@header_device depends on device || device_nested@
@@
 #include <drm/ttm/ttm_device.h>
+#include <drm/ttm_huge.h>

@header_placement depends on (device || device_nested) && !header_device@
@@
 #include <drm/ttm/ttm_placement.h>
+#include <drm/ttm_huge.h>

// The code that handles an error of ttm_device_init() also handles one of ttm_huge's.

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

@fops_area@
identifier O;
symbol drm_gem_mmap, drm_gem_get_unmapped_area;
@@
struct file_operations O = {
-	.mmap = drm_gem_mmap,
+	.mmap = ttm_huge_mmap,
-	.get_unmapped_area = drm_gem_get_unmapped_area,
+	.get_unmapped_area = pfnmap_get_unmapped_area,
};

@fops@
identifier O;
symbol drm_gem_mmap;
@@
 struct file_operations O = {
-	.mmap = drm_gem_mmap,
+	.mmap = ttm_huge_mmap,
+	.get_unmapped_area = pfnmap_get_unmapped_area,
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
+	.get_unmapped_area = pfnmap_get_unmapped_area,
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
identifier W =~ "free\|del";
identifier G;
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

// Faults, if the driver has a handler of its own that calls TTM's functions, and does not
// track writes. If it has no handler, mappings get vm_ops from ttm_huge_gem_mmap().

@tracks@
identifier V, W;
position p;
@@
 struct vm_operations_struct V@p = {
	.pfn_mkwrite = W,
 };

@vm_ops@
identifier V, F;
symbol ttm_bo_vm_open, ttm_bo_vm_close, ttm_bo_vm_access;
position p != tracks.p;
@@
 struct vm_operations_struct V@p = {
	.fault = F,
	.open = ttm_bo_vm_open,
	.close = ttm_bo_vm_close,
	.access = ttm_bo_vm_access,
 };

@handler@
typedef vm_fault_t;
identifier vm_ops.F, vmf;
fresh identifier F_order = F ## "_order";
expression P, N;
@@
-vm_fault_t F(struct vm_fault *vmf)
+vm_fault_t F_order(struct vm_fault *vmf, unsigned int order)
 {
	<+...
-	ttm_bo_vm_fault_reserved(vmf, P, N)
+	ttm_huge_vm_fault_reserved(vmf, order)
	...+>
 }
+
+static vm_fault_t F(struct vm_fault *vmf)
+{
+	return F_order(vmf, 0);
+}

@handler_reserve@
identifier handler.F_order;
expression B, E;
@@
 F_order(...)
 {
	<+...
-	ttm_bo_vm_reserve(B, E)
+	ttm_huge_vm_reserve(B, E)
	...+>
 }

// ttm_huge_vm_fault_reserved() replaces both: it checks whether the device is unplugged.

@handler_unplugged@
identifier handler.F_order;
expression E, P;
@@
 F_order(...)
 {
	<+...
-	ttm_bo_vm_dummy_page(E, P)
+	ttm_huge_vm_fault_reserved(E, order)
	...+>
 }

@vm_ops_huge@
identifier vm_ops.V, vm_ops.F, handler.F_order;
@@
 struct vm_operations_struct V = {
	.fault = F,
-	.open = ttm_bo_vm_open,
-	.close = ttm_bo_vm_close,
-	.access = ttm_bo_vm_access,
+	.huge_fault = F_order,
+	.access = ttm_huge_vm_access,
+	TTM_HUGE_VM_OPS,
 };

// The alignment of buffer objects in VRAM.

// Only VRAM is aligned: the sizes of another memory may be in other units than bytes.

@range_manager@
expression B, N;
symbol TTM_PL_VRAM, false;
@@
(
-ttm_range_man_init(B, TTM_PL_VRAM, false, N)
+ttm_huge_range_man_init(B, TTM_PL_VRAM, false, N)
|
-ttm_range_man_init_nocheck(B, TTM_PL_VRAM, false, N)
+ttm_huge_range_man_init(B, TTM_PL_VRAM, false, N)
)

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

// debugfs.

@debugfs@
expression B, R, N;
@@
	ttm_resource_manager_create_debugfs(ttm_manager_type(B, TTM_PL_VRAM), R, N);
+	ttm_huge_debugfs_init(B, R);
