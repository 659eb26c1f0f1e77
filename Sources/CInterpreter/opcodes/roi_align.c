/* ROI_ALIGN: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_roi_align(const ingot_op *op) {
  const ingot_tensor *x = op->x[0], *rois = op->x[1], *indices = op->x[2], *y = op->y;
  REQUIRE(op, is_float(x) && is_float(rois) && y->element == x->element,
          "elements are %s, %s and %s, expected floats, the same for the first and the last", ingot_element_text(x->element),
          ingot_element_text(rois->element), ingot_element_text(y->element));
  CHECK(ingot_expect_indices(op, indices));
  REQUIRE(op, x->rank == 4 && y->rank == 4 && rois->rank == 2, "ranks are %u, %u and %u, expected 4, 2 and 4", x->rank, rois->rank,
          y->rank);
  REQUIRE(op, rois->dims[1] == 4, "regions have %lld coordinates, expected 4", (long long)rois->dims[1]);
  CHECK(ingot_expect_vector(op, indices, rois->dims[0], "the list of indices"));
  REQUIRE(op, y->dims[0] == rois->dims[0] && y->dims[1] == x->dims[1],
          "the result is [%lld, %lld, ..] for %lld regions of %lld channels", (long long)y->dims[0], (long long)y->dims[1],
          (long long)rois->dims[0], (long long)x->dims[1]);
  for (uint32_t i = 2; i < 4; i++) {
    REQUIRE(op, x->dims[i] >= 1 && x->dims[i] < 1 << 24 && y->dims[i] < 1 << 24, "spatial axis %u has extents %lld and %lld", i - 2,
            (long long)x->dims[i], (long long)y->dims[i]);
  }
  return INGOT_OK;
}

static int prepare_roi_align(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_roi_align_attributes *align = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *rois = prepared_input(p, 1), *indices = prepared_input(p, 2);
  arguments->roi_align = (kernel_roi_align){
      .x = prepared_address(p, x), .rois = prepared_address(p, rois), .indices = prepared_address(p, indices),
      .y = prepared_address(p, p->y), .element = x->element, .roi_element = rois->element, .index_element = indices->element,
      .most = align->mode == INGOT_ROI_MAX, .half_pixel = align->coordinates == INGOT_ROI_COORDINATES_HALF_PIXEL,
      .sampling_ratio = align->sampling_ratio, .scale = (float)align->spatial_scale, .batch = x->dims[0], .channels = x->dims[1],
      .rois_count = rois->dims[0], .in = {x->dims[2], x->dims[3]}, .out = {p->y->dims[2], p->y->dims[3]}};
  return KERNEL_roi_align;
}

static ingot_indices roi_align_indices(const ingot_arguments *arguments) {
  const kernel_roi_align *align = &arguments->roi_align;
  return (ingot_indices){align->indices, align->index_element, align->rois_count, align->batch};
}

const ingot_facts ingot_roi_align_facts = {
    .results = 1, .required = 3, .most = 3, .check = check_roi_align, .prepare = prepare_roi_align,
    .indices = roi_align_indices};
