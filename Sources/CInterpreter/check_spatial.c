/* Rules of opcodes that move windows over spatial axes, and of resampling. */
#include "check_opcode.h"

/* Stride, dilation and pads of one axis. */
static ingot_status expect_window(const ingot_op *op, uint32_t strides, uint32_t dilations, uint32_t begins, uint32_t ends) {
  CHECK(ingot_expect_range(op, strides, 1, INGOT_MAX_EXTENT, "a stride"));
  CHECK(ingot_expect_range(op, dilations, 1, INGOT_MAX_EXTENT, "a dilation"));
  CHECK(ingot_expect_range(op, begins, -INGOT_MAX_EXTENT, INGOT_MAX_EXTENT, "a begin pad"));
  CHECK(ingot_expect_range(op, ends, -INGOT_MAX_EXTENT, INGOT_MAX_EXTENT, "an end pad"));
  return INGOT_OK;
}

/* Output extent of a convolution: 0 when the window does not fit. */
static int64_t windows(int64_t in, int64_t begin, int64_t end, int64_t dilation, int64_t kernel, int64_t stride) {
  const int64_t room = in + begin + end - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

/* Shapes of a convolution, whose attributes start with group and window. */
static ingot_status expect_convolution(const ingot_op *op, bool transposed, uint32_t more_attributes) {
  const ingot_tensor *x = op->x[0], *w = op->x[1], *y = op->y;
  REQUIRE(op, x->rank >= 3 && x->rank <= 2 + INGOT_MAX_SPATIAL && w->rank == x->rank && y->rank == x->rank,
          "ranks are %u, %u and %u, expected the same from 3 to 5", x->rank, w->rank, y->rank);
  const uint32_t spatial = x->rank - 2u;
  CHECK(ingot_expect_attributes(op, 1 + 4 * spatial + more_attributes));
  CHECK(ingot_expect_range(op, 0, 1, INGOT_MAX_EXTENT, "group"));
  const int64_t group = attribute(op, 0), inputs = x->dims[1];
  const int64_t outputs = transposed ? w->dims[1] * group : w->dims[0];
  REQUIRE(op, !transposed || w->dims[1] <= INGOT_MAX_EXTENT, "the weight has %lld outputs", (long long)w->dims[1]);
  REQUIRE(op, inputs % group == 0 && outputs % group == 0, "%lld input and %lld output channels do not split into %lld groups",
          (long long)inputs, (long long)outputs, (long long)group);
  REQUIRE(op, transposed ? w->dims[0] == inputs : w->dims[1] == inputs / group,
          "the weight does not fit %lld input channels in %lld groups", (long long)inputs, (long long)group);
  REQUIRE(op, y->dims[0] == x->dims[0] && y->dims[1] == outputs, "the result has batch %lld and %lld channels, expected %lld and %lld",
          (long long)y->dims[0], (long long)y->dims[1], (long long)x->dims[0], (long long)outputs);
  for (uint32_t s = 0; s < spatial; s++) {
    CHECK(expect_window(op, 1 + s, 1 + spatial + s, 1 + 2 * spatial + s, 1 + 3 * spatial + s));
    const int64_t stride = attribute(op, 1 + s), dilation = attribute(op, 1 + spatial + s);
    const int64_t begin = attribute(op, 1 + 2 * spatial + s), end = attribute(op, 1 + 3 * spatial + s);
    const int64_t kernel = w->dims[2 + s], in = x->dims[2 + s], out = y->dims[2 + s];
    REQUIRE(op, kernel >= 1 && kernel <= INGOT_MAX_EXTENT && in <= INGOT_MAX_EXTENT && out <= INGOT_MAX_EXTENT,
            "extents are %lld, kernel %lld, result %lld", (long long)in, (long long)kernel, (long long)out);
    if (transposed) {
      const int64_t least = stride * (in - 1) + dilation * (kernel - 1) + 1 - begin - end;
      const int64_t extra = out - least, limit = stride > dilation ? stride : dilation;
      REQUIRE(op, in > 0 && extra >= 0 && extra < limit, "spatial axis %u has extent %lld, expected %lld and less than %lld more", s,
              (long long)out, (long long)least, (long long)limit);
    } else {
      const int64_t expected = windows(in, begin, end, dilation, kernel, stride);
      REQUIRE(op, out == expected, "spatial axis %u has extent %lld, expected %lld", s, (long long)out, (long long)expected);
    }
  }
  return INGOT_OK;
}

ingot_status ingot_check_conv(const ingot_op *op, bool transposed) {
  CHECK(ingot_expect_inputs(op, 2, 3));
  CHECK(ingot_expect_floats(op));
  CHECK(expect_convolution(op, transposed, 3));
  CHECK(ingot_expect_activation(op, op->attribute_count - 3));
  return ingot_expect_vector(op, op->x[2], op->y->dims[1], "the bias");
}

ingot_status ingot_check_conv_integer(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 4, 4));
  CHECK(expect_convolution(op, false, 0));
  CHECK(ingot_expect_zero_point(op, op->x[2], op->x[0], -1));
  CHECK(ingot_expect_zero_point(op, op->x[3], op->x[1], op->x[1]->dims[0]));
  REQUIRE(op, op->y->element == INGOT_I32, "the result has element %u, expected i32", op->y->element);
  return INGOT_OK;
}

/* Shapes of a pooling whose attributes from `first` on are its windows. */
static ingot_status expect_pooling(const ingot_op *op, uint32_t first) {
  const ingot_tensor *x = op->x[0], *y = op->y;
  REQUIRE(op, x->rank >= 3 && x->rank <= 2 + INGOT_MAX_SPATIAL && y->rank == x->rank, "ranks are %u and %u, expected 3 to 5",
          x->rank, y->rank);
  const uint32_t spatial = x->rank - 2u;
  CHECK(ingot_expect_attributes(op, first + 5 * spatial));
  REQUIRE(op, x->dims[0] == y->dims[0] && x->dims[1] == y->dims[1], "batch or channels change");
  for (uint32_t s = first; s < first + spatial; s++) {
    CHECK(ingot_expect_range(op, s, 1, INGOT_MAX_EXTENT, "a kernel extent"));
    CHECK(expect_window(op, spatial + s, 2 * spatial + s, 3 * spatial + s, 4 * spatial + s));
    const int64_t kernel = attribute(op, s), stride = attribute(op, spatial + s);
    const int64_t begin = attribute(op, 3 * spatial + s), end = attribute(op, 4 * spatial + s);
    const uint32_t axis = s - first;
    const int64_t in = x->dims[2 + axis], out = y->dims[2 + axis];
    REQUIRE(op, begin >= 0 && end >= 0, "pads are %lld and %lld, expected 0 or more", (long long)begin, (long long)end);
    REQUIRE(op, in <= INGOT_MAX_EXTENT && out <= INGOT_MAX_EXTENT && (in > 0 || out == 0), "extents are %lld and %lld",
            (long long)in, (long long)out);
    const int64_t floor_extent = windows(in, begin, end, attribute(op, 2 * spatial + s), kernel, stride);
    const bool ceil_extent = out == floor_extent + 1 && floor_extent * stride < in + begin;
    /* In ceil mode a last window that would start in the end padding is left out. */
    const bool clipped_extent = out + 1 == floor_extent && out * stride >= in + begin;
    REQUIRE(op, out == floor_extent || ceil_extent || clipped_extent, "spatial axis %u has extent %lld, expected %lld", axis,
            (long long)out, (long long)floor_extent);
  }
  return INGOT_OK;
}

ingot_status ingot_check_pool(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  const ingot_tensor *x = op->x[0], *y = op->y;
  REQUIRE(op, op->attribute_count >= 1, "it has no attributes");
  CHECK(ingot_expect_range(op, 0, 0, 2, "kind"));
  const bool small = x->element == INGOT_I8 || x->element == INGOT_U8;
  REQUIRE(op, x->element == y->element && (is_float(x) || (small && attribute(op, 0) == 0)),
          "elements are %u and %u, expected the same float, or i8 or u8 for the maximum", x->element, y->element);
  return expect_pooling(op, 1);
}

ingot_status ingot_check_arg_pool(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  const ingot_tensor *x = op->x[0];
  REQUIRE(op, (is_float(x) || x->element == INGOT_I8 || x->element == INGOT_U8) && op->y->element == INGOT_I64,
          "elements are %u and %u, expected a float, i8 or u8, and i64", x->element, op->y->element);
  return expect_pooling(op, 0);
}

ingot_status ingot_check_resize(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_floats(op));
  const ingot_tensor *x = op->x[0], *y = op->y;
  REQUIRE(op, x->rank >= 3 && x->rank <= 2 + INGOT_MAX_SPATIAL && y->rank == x->rank, "ranks are %u and %u, expected 3 to 5",
          x->rank, y->rank);
  const uint32_t spatial = x->rank - 2u;
  CHECK(ingot_expect_attributes(op, 5 + spatial));
  CHECK(ingot_expect_range(op, 0, 0, 2, "mode"));
  CHECK(ingot_expect_range(op, 1, 0, 3, "coordinates"));
  CHECK(ingot_expect_range(op, 2, 0, 3, "rounding"));
  CHECK(ingot_expect_range(op, 4, 0, 1, "exclude_outside"));
  REQUIRE(op, x->dims[0] == y->dims[0] && x->dims[1] == y->dims[1], "batch or channels change");
  for (uint32_t s = 0; s < spatial; s++) {
    const double scale = ingot_real(op->attributes[5 + s]);
    REQUIRE(op, scale > 1e-12 && scale < 1e12, "scale %u is not a positive number", s);
    REQUIRE(op, x->dims[2 + s] <= INGOT_MAX_EXTENT && y->dims[2 + s] <= INGOT_MAX_EXTENT &&
                    (x->dims[2 + s] > 0 || y->dims[2 + s] == 0),
            "extents are %lld and %lld", (long long)x->dims[2 + s], (long long)y->dims[2 + s]);
  }
  return INGOT_OK;
}

ingot_status ingot_check_grid_sample(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 2, 2));
  CHECK(ingot_expect_attributes(op, 3));
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_range(op, 0, 0, 2, "mode"));
  CHECK(ingot_expect_range(op, 1, 0, 2, "padding"));
  CHECK(ingot_expect_range(op, 2, 0, 1, "align_corners"));
  const ingot_tensor *x = op->x[0], *grid = op->x[1], *y = op->y;
  REQUIRE(op, x->rank >= 3 && x->rank <= 2 + INGOT_MAX_SPATIAL && grid->rank == x->rank && y->rank == x->rank,
          "ranks are %u, %u and %u, expected the same from 3 to 5", x->rank, grid->rank, y->rank);
  const uint32_t spatial = x->rank - 2u;
  REQUIRE(op, x->element == y->element, "elements are %u and %u, expected the same", x->element, y->element);
  REQUIRE(op, grid->dims[spatial + 1] == spatial, "points have %lld coordinates, expected %u", (long long)grid->dims[spatial + 1],
          spatial);
  REQUIRE(op, grid->dims[0] == x->dims[0] && y->dims[0] == x->dims[0] && y->dims[1] == x->dims[1],
          "the result is [%lld, %lld, ..] for [%lld, %lld, ..] and %lld grids", (long long)y->dims[0], (long long)y->dims[1],
          (long long)x->dims[0], (long long)x->dims[1], (long long)grid->dims[0]);
  for (uint32_t i = 0; i < spatial; i++) {
    REQUIRE(op, x->dims[2 + i] >= 1 && x->dims[2 + i] < 1 << 24, "spatial axis %u has extent %lld", i, (long long)x->dims[2 + i]);
    REQUIRE(op, y->dims[2 + i] == grid->dims[1 + i], "the result has extent %lld at axis %u, expected %lld",
            (long long)y->dims[2 + i], 2 + i, (long long)grid->dims[1 + i]);
  }
  return INGOT_OK;
}

ingot_status ingot_check_roi_align(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 3, 3));
  CHECK(ingot_expect_attributes(op, 4));
  CHECK(ingot_expect_range(op, 0, 0, 1, "mode"));
  CHECK(ingot_expect_range(op, 1, 0, 1, "coordinates"));
  CHECK(ingot_expect_range(op, 2, 0, INGOT_MAX_SAMPLING_RATIO, "sampling_ratio"));
  const double scale = ingot_real(op->attributes[3]);
  REQUIRE(op, scale > 1e-12 && scale < 1e12, "spatial_scale is not a positive number");
  const ingot_tensor *x = op->x[0], *rois = op->x[1], *indices = op->x[2], *y = op->y;
  REQUIRE(op, is_float(x) && is_float(rois) && y->element == x->element,
          "elements are %u, %u and %u, expected floats, the same for the first and the last", x->element, rois->element, y->element);
  REQUIRE(op, indices->element == INGOT_I32 || indices->element == INGOT_I64, "indices have element %u, expected i32 or i64",
          indices->element);
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
