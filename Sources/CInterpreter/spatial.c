/* Rules and kernel arguments of windows over spatial axes. */
#include "spatial.h"

#include <string.h>

ingot_status ingot_expect_spatial(const ingot_op *op, const ingot_tensor *a, const ingot_tensor *b) {
  const ingot_tensor *x = op->x[0];
  REQUIRE(op, x->rank >= 3 && x->rank <= 2 + INGOT_MAX_SPATIAL && a->rank == x->rank && b->rank == x->rank,
          "ranks are %u, %u and %u, expected the same from 3 to 5", x->rank, a->rank, b->rank);
  REQUIRE(op, x->rank > 3 || (x->image_rows == 0 && op->y->image_rows == 0),
          "it has one spatial axis, and windows are of rows, which are another");
  return INGOT_OK;
}

ingot_status ingot_expect_same_channels(const ingot_op *op) {
  const ingot_tensor *x = op->x[0], *y = op->y;
  REQUIRE(op, x->dims[0] == y->dims[0] && x->dims[1] == y->dims[1], "batch or channels change");
  return INGOT_OK;
}

/* Output extent of a convolution: 0 when the window does not fit. */
static int64_t window_count(int64_t in, int64_t begin, int64_t end, int64_t dilation, int64_t kernel, int64_t stride) {
  const int64_t room = in + begin + end - dilation * (kernel - 1) - 1;
  return room < 0 ? 0 : room / stride + 1;
}

static ingot_status expect_channels(const ingot_op *op, bool transposed, int64_t group) {
  const ingot_tensor *x = op->x[0], *w = op->x[1], *y = op->y;
  REQUIRE(op, !transposed || w->dims[1] <= INGOT_MAX_EXTENT, "the weight has %lld outputs", (long long)w->dims[1]);
  const int64_t inputs = x->dims[1], outputs = transposed ? w->dims[1] * group : w->dims[0];
  REQUIRE(op, inputs % group == 0 && outputs % group == 0, "%lld input and %lld output channels do not split into %lld groups",
          (long long)inputs, (long long)outputs, (long long)group);
  REQUIRE(op, transposed ? w->dims[0] == inputs : w->dims[1] == inputs / group,
          "the weight does not fit %lld input channels in %lld groups", (long long)inputs, (long long)group);
  REQUIRE(op, y->dims[0] == x->dims[0] && y->dims[1] == outputs, "the result has batch %lld and %lld channels, expected %lld and %lld",
          (long long)y->dims[0], (long long)y->dims[1], (long long)x->dims[0], (long long)outputs);
  return INGOT_OK;
}

ingot_status ingot_expect_convolution(const ingot_op *op, bool transposed, int64_t group) {
  const ingot_tensor *x = op->x[0], *w = op->x[1], *y = op->y;
  const ingot_window *window = op->tail;
  CHECK(ingot_expect_spatial(op, w, y));
  CHECK(expect_channels(op, transposed, group));
  for (uint32_t s = 0; s < op->tail_count; s++) {
    const int64_t stride = window[s].stride, dilation = window[s].dilation, begin = window[s].begin, end = window[s].end;
    const int64_t kernel = w->dims[2 + s], in = x->dims[2 + s], out = y->dims[2 + s];
    REQUIRE(op, kernel >= 1 && kernel <= INGOT_MAX_EXTENT && in <= INGOT_MAX_EXTENT && out <= INGOT_MAX_EXTENT,
            "extents are %lld, kernel %lld, result %lld", (long long)in, (long long)kernel, (long long)out);
    if (transposed) {
      const int64_t least = stride * (in - 1) + dilation * (kernel - 1) + 1 - begin - end;
      const int64_t extra = out - least, limit = stride > dilation ? stride : dilation;
      REQUIRE(op, in > 0 && extra >= 0 && extra < limit, "spatial axis %u has extent %lld, expected %lld and less than %lld more", s,
              (long long)out, (long long)least, (long long)limit);
    } else {
      const int64_t expected = window_count(in, begin, end, dilation, kernel, stride);
      REQUIRE(op, out == expected, "spatial axis %u has extent %lld, expected %lld", s, (long long)out, (long long)expected);
    }
  }
  return INGOT_OK;
}

ingot_status ingot_expect_pooling(const ingot_op *op) {
  const ingot_tensor *x = op->x[0], *y = op->y;
  const ingot_pool_window *window = op->tail;
  CHECK(ingot_expect_spatial(op, x, y));
  CHECK(ingot_expect_same_channels(op));
  for (uint32_t s = 0; s < op->tail_count; s++) {
    const int64_t stride = window[s].stride, begin = window[s].begin, in = x->dims[2 + s], out = y->dims[2 + s];
    REQUIRE(op, in <= INGOT_MAX_EXTENT && out <= INGOT_MAX_EXTENT && (in > 0 || out == 0), "extents are %lld and %lld",
            (long long)in, (long long)out);
    const int64_t floor_extent = window_count(in, begin, window[s].end, window[s].dilation, window[s].kernel, stride);
    const bool ceil_extent = out == floor_extent + 1 && floor_extent * stride < in + begin;
    /* In ceil mode a last window that would start in the end padding is left out. */
    const bool clipped_extent = out + 1 == floor_extent && out * stride >= in + begin;
    REQUIRE(op, out == floor_extent || ceil_extent || clipped_extent, "spatial axis %u has extent %lld, expected %lld", s,
            (long long)out, (long long)floor_extent);
  }
  return INGOT_OK;
}

void ingot_prepare_spatial(const ingot_tensor *tensor, int64_t extents[3]) {
  extents[0] = extents[1] = extents[2] = 1;
  for (uint32_t axis = ingot_first_spatial(tensor), i = 2; axis < 3; axis++, i++) extents[axis] = tensor->dims[i];
}

void ingot_put_unit_axes_first(const ingot_spatial_extents *e, uint32_t count) {
  for (int turn = 0; turn < 2; turn++) {
    for (uint32_t i = 0; i < count; i++)
      if (e[i].unit >= 0 && e[i].extents[2] != e[i].unit) return;
    for (uint32_t i = 0; i < count; i++) {
      int64_t *x = e[i].extents;
      const int64_t last = x[2];
      x[2] = x[1], x[1] = x[0], x[0] = last;
    }
  }
}

ingot_steps ingot_prepared_steps(const ingot_preparation *p, const ingot_tensor *x) {
  const ingot_window *window = p->tail;
  ingot_steps steps = {{1, 1, 1}, {1, 1, 1}, {0, 0, 0}};
  for (uint32_t axis = ingot_first_spatial(x); axis < 3; axis++, window++) {
    steps.stride[axis] = window->stride;
    steps.dilation[axis] = window->dilation;
    steps.begin[axis] = window->begin;
  }
  return steps;
}

kernel_pool ingot_prepared_pool(const ingot_preparation *p, uint8_t kind) {
  const ingot_pool_window *window = p->tail;
  const ingot_tensor *x = prepared_input(p, 0), *y = p->y;
  kernel_pool pool = {.x = prepared_address(p, x), .y = prepared_address(p, y), .element = x->element, .kind = kind,
                      .x_ring = ingot_prepared_ring(x), .y_ring = ingot_prepared_ring(y), .planes = x->dims[0] * x->dims[1], .kernel = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  ingot_prepare_spatial(x, pool.in);
  ingot_prepare_spatial(y, pool.out);
  for (uint32_t axis = ingot_first_spatial(x); axis < 3; axis++, window++) {
    pool.kernel[axis] = window->kernel;
    pool.stride[axis] = window->stride;
    pool.dilation[axis] = window->dilation;
    pool.begin[axis] = window->begin;
    pool.end[axis] = window->end;
  }
  const ingot_spatial_extents extents[] = {{pool.in, 1}, {pool.out, 1}, {pool.kernel, 1}, {pool.begin, 0}, {pool.end, 0}, {pool.stride, -1}, {pool.dilation, -1}};
  if (!ingot_has_windows(p->view, p->instruction)) ingot_put_unit_axes_first(extents, 7);
  return pool;
}

kernel_convolution ingot_prepared_convolution(const ingot_preparation *p) {
  const ingot_conv_attributes *conv = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *w = prepared_input(p, 1), *bias = prepared_input(p, 2), *y = p->y;
  kernel_convolution arguments = {
      .x = prepared_address(p, x), .w = prepared_address(p, w), .bias = prepared_address(p, bias),
      .y = prepared_address(p, y), .x_element = x->element, .w_element = w->element,
      .bias_element = prepared_element(bias), .y_element = y->element, .batch = x->dims[0], .group = conv->group,
      .inputs = x->dims[1], .outputs = y->dims[1], .x_ring = ingot_prepared_ring(x), .y_ring = ingot_prepared_ring(y),
      .activation = prepared_activation(conv->activation)};
  ingot_prepare_spatial(x, arguments.in);
  ingot_prepare_spatial(y, arguments.out);
  ingot_prepare_spatial(w, arguments.kernel);
  const ingot_steps steps = ingot_prepared_steps(p, x);
  memcpy(arguments.stride, steps.stride, sizeof steps.stride);
  memcpy(arguments.dilation, steps.dilation, sizeof steps.dilation);
  memcpy(arguments.begin, steps.begin, sizeof steps.begin);
  const ingot_spatial_extents extents[] = {{arguments.in, 1}, {arguments.out, 1}, {arguments.kernel, 1}, {arguments.begin, 0}, {arguments.stride, -1}, {arguments.dilation, -1}};
  if (!ingot_has_windows(p->view, p->instruction)) ingot_put_unit_axes_first(extents, 6);
  return arguments;
}
