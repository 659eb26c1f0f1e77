/* RESIZE: rules and kernel arguments. */
#include "../spatial.h"

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
  return INGOT_OK;
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
                               .planes = x->dims[0] * x->dims[1], .scale = {1, 1, 1}};
  ingot_prepare_spatial(x, arguments->in);
  ingot_prepare_spatial(y, arguments->out);
  for (uint32_t axis = ingot_first_spatial(x); axis < 3; axis++, axes++) arguments->scale[axis] = axes->scale;
  return is_float(x) ? KERNEL_resize : KERNEL_resize_integer;
}

const ingot_facts ingot_resize_facts = {
    .results = 1, .required = 1, .most = 1, .check = check_resize, .prepare = prepare_resize};
