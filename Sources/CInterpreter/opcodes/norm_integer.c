/* NORM_INTEGER: rules and kernel arguments. */
#include "../rescaling.h"

#include <float.h>
#include <math.h>

static ingot_rescaling rescaling_of(const ingot_norm_integer_attributes *a) {
  return (ingot_rescaling){a->rounding, a->least, a->most};
}

/* Elements that are normalized together. */
static int64_t run_of(const ingot_norm_integer_attributes *norm, const ingot_tensor *x) {
  if (norm->groups == 0) return prepared_product(x, (uint32_t)norm->axis, x->rank);
  return x->dims[1] / norm->groups * prepared_product(x, 2, x->rank);
}

/* A scale or bias: of the axes that are normalized over, or of the channels. */
static ingot_status expect_parameter(const ingot_op *op, uint32_t input, uint8_t element, const char *name) {
  const ingot_norm_integer_attributes *norm = op->attributes;
  const ingot_tensor *x = op->x[0], *parameter = op->x[input];
  const uint32_t first = norm->groups > 0 ? 1 : (uint32_t)norm->axis, end = norm->groups > 0 ? 2 : x->rank;
  REQUIRE(op, parameter != NULL && parameter->element == element, "the %s is absent or not %s", name, ingot_element_text(element));
  REQUIRE(op, parameter->rank == end - first, "the %s has rank %u, expected %u", name, parameter->rank, end - first);
  for (uint32_t i = first; i < end; i++)
    REQUIRE(op, parameter->dims[i - first] == x->dims[i], "the %s has extent %lld at axis %u, expected %lld", name,
            (long long)parameter->dims[i - first], i - first, (long long)x->dims[i]);
  return INGOT_OK;
}

static ingot_status check_norm_integer(const ingot_op *op) {
  const ingot_norm_integer_attributes *norm = op->attributes;
  const ingot_tensor *x = op->x[0];
  CHECK(ingot_expect_quantized(op, 0, false));
  CHECK(ingot_expect_same_shape(op, x, op->y));
  REQUIRE(op, norm->epsilon >= 0 && norm->epsilon <= DBL_MAX, "epsilon is %g, expected 0 or more", norm->epsilon);
  REQUIRE(op, norm->groups > 0 || norm->axis <= x->rank, "axis is %lld, expected at most %u", (long long)norm->axis, x->rank);
  REQUIRE(op, norm->groups == 0 || (x->rank >= 2 && x->dims[1] % norm->groups == 0),
          "an input of rank %u does not have channels that split into %lld groups", x->rank, (long long)norm->groups);
  REQUIRE(op, run_of(norm, x) <= 1 << 22, "it normalizes %lld elements together, expected at most %d", (long long)run_of(norm, x),
          1 << 22);
  if (op->inputs > 5) CHECK(expect_parameter(op, 2, INGOT_I16, "scale"));
  if (op->inputs > 6) CHECK(expect_parameter(op, 3, INGOT_I32, "bias"));
  return ingot_expect_rescaling(op, rescaling_of(norm), op->inputs - 3, -1);
}

static int prepare_norm_integer(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_norm_integer_attributes *norm = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t inputs = p->instruction->input_count;
  const int64_t extent = run_of(norm, x);
  arguments->norm_integer = (kernel_norm_integer){
      .x = prepared_address(p, x), .x_zero = prepared_address(p, prepared_input(p, 1)),
      .scale = inputs > 5 ? prepared_address(p, prepared_input(p, 2)) : NULL,
      .bias = inputs > 6 ? prepared_address(p, prepared_input(p, 3)) : NULL, .y = prepared_address(p, p->y), .x_element = x->element,
      .kind = (uint8_t)norm->kind, .epsilon = (int64_t)fmin(round(256 * norm->epsilon), 0x1p40),
      .outer = extent == 0 ? 0 : ingot_tensor_count(x) / extent, .extent = extent,
      .inner = norm->groups == 0 ? 1 : prepared_product(x, 2, x->rank), .groups = norm->groups,
      .rescaling = ingot_prepared_rescaling(p, rescaling_of(norm), inputs - 3)};
  return KERNEL_norm_integer;
}

const ingot_facts ingot_norm_integer_facts = {.results = 1, .required = 5, .most = 7, .in_place = 1 << 0,
                                              .check = check_norm_integer, .prepare = prepare_norm_integer};
