/* RESIZE: rules and kernel arguments. */
#include "../spatial.h"

/* Of which rows x and y are. */
static ingot_status check_stripe(const ingot_op *op) {
  const ingot_resize_attributes *a = op->attributes;
  const ingot_tensor *x = op->x[0], *y = op->y;
  if (a->in_rows == 0) {
    REQUIRE(op, a->in_first == 0 && a->out_rows == 0 && a->out_first == 0, "it has rows of a stripe, but not of the image");
    return INGOT_OK;
  }
  REQUIRE(op, x->rank > 3, "it has one spatial axis, expected 2 or 3 of a stripe");
  const int64_t in = x->dims[x->rank - 2], out = y->dims[y->rank - 2];
  REQUIRE(op, in <= a->in_rows - a->in_first && out <= a->out_rows - a->out_first,
          "it has %lld rows from %lld on of %lld, and makes %lld from %lld on of %lld", (long long)in, (long long)a->in_first,
          (long long)a->in_rows, (long long)out, (long long)a->out_first, (long long)a->out_rows);
  return INGOT_OK;
}

static ingot_status check_resize(const ingot_op *op) {
  const ingot_tensor *x = op->x[0], *y = op->y;
  const bool integer = x->element == INGOT_I8 || x->element == INGOT_U8 || x->element == INGOT_I16;
  if (integer) CHECK(ingot_expect_same_element(op, x));
  else CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_spatial(op, x, y));
  CHECK(ingot_expect_same_channels(op));
  for (uint32_t i = 2; i < x->rank; i++) {
    REQUIRE(op, x->dims[i] <= INGOT_MAX_EXTENT && y->dims[i] <= INGOT_MAX_EXTENT && (x->dims[i] > 0 || y->dims[i] == 0),
            "extents are %lld and %lld", (long long)x->dims[i], (long long)y->dims[i]);
  }
  return check_stripe(op);
}

static int prepare_resize(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_resize_attributes *resize = p->attributes;
  const ingot_resize_axis *axes = p->tail;
  const ingot_tensor *x = prepared_input(p, 0), *y = p->y;
  kernel_resize *arguments = &all->resize;
  *arguments = (kernel_resize){.x = prepared_address(p, x), .y = prepared_address(p, y), .x_element = x->element,
                               .y_element = y->element, .mode = (uint8_t)resize->mode,
                               .coordinates = (uint8_t)resize->coordinates, .rounding = (uint8_t)resize->rounding,
                               .cubic = resize->cubic, .exclude_outside = (uint8_t)resize->exclude_outside,
                               .planes = x->dims[0] * x->dims[1], .in_first = resize->in_first, .out_first = resize->out_first,
                               .x_ring = ingot_prepared_ring(x), .y_ring = ingot_prepared_ring(y), .scale = {1, 1, 1}};
  ingot_prepare_spatial(x, arguments->in);
  ingot_prepare_spatial(y, arguments->out);
  arguments->in_rows = resize->in_rows == 0 ? arguments->in[1] : resize->in_rows;
  arguments->out_rows = resize->in_rows == 0 ? arguments->out[1] : resize->out_rows;
  for (uint32_t axis = ingot_first_spatial(x); axis < 3; axis++, axes++) arguments->scale[axis] = axes->scale;
  return is_float(x) ? KERNEL_resize : KERNEL_resize_integer;
}

const ingot_facts ingot_resize_facts = {
    .results = 1, .required = 1, .most = 1, .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0),
    .check = check_resize, .prepare = prepare_resize};
