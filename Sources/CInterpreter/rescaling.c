/* Rules and kernel arguments of rescaled integers. */
#include "rescaling.h"

bool ingot_is_quantized(uint8_t element) {
  return element == INGOT_I8 || element == INGOT_U8 || element == INGOT_I16 || element == INGOT_I32;
}

/* The numbers of an element that is quantized. */
static int64_t least_of(uint8_t element) {
  return element == INGOT_I8 ? INT8_MIN : element == INGOT_I16 ? INT16_MIN : element == INGOT_I32 ? INT32_MIN : 0;
}
static int64_t most_of(uint8_t element) {
  return element == INGOT_I8 ? INT8_MAX : element == INGOT_U8 ? UINT8_MAX : element == INGOT_I16 ? INT16_MAX : INT32_MAX;
}

ingot_status ingot_expect_result(const ingot_op *op, ingot_rescaling rescaling, uint32_t input) {
  const ingot_tensor *zero = op->x[input], *y = op->y;
  REQUIRE(op, zero != NULL, "the zero point of the result is absent");
  REQUIRE(op, ingot_is_quantized(y->element), "the result has element %s, expected i8, u8, i16 or i32", ingot_element_text(y->element));
  REQUIRE(op, rescaling.least <= rescaling.most && rescaling.least <= most_of(y->element) && rescaling.most >= least_of(y->element),
          "results are limited to %lld .. %lld, expected some %s between them", (long long)rescaling.least, (long long)rescaling.most,
          ingot_element_text(y->element));
  REQUIRE(op, zero->element == y->element && zero->rank == 0,
          "the zero point of the result has element %s and rank %u, expected %s and 0", ingot_element_text(zero->element), zero->rank,
          ingot_element_text(y->element));
  return INGOT_OK;
}

ingot_status ingot_expect_rescaling(const ingot_op *op, ingot_rescaling rescaling, uint32_t input, int64_t channels) {
  const ingot_tensor *multiplier = op->x[input], *shift = op->x[input + 1];
  REQUIRE(op, multiplier != NULL && shift != NULL, "a multiplier or shift is absent");
  CHECK(ingot_expect_result(op, rescaling, input + 2));
  REQUIRE(op, multiplier->element == INGOT_I32 &&
                  (multiplier->rank == 0 || (multiplier->rank == 1 && multiplier->dims[0] == channels)),
          "the multiplier has element %s, rank %u and first extent %lld, expected i32 and [] or [%lld]",
          ingot_element_text(multiplier->element), multiplier->rank, (long long)multiplier->dims[0], (long long)channels);
  REQUIRE(op, shift->element == INGOT_I8, "the shift has element %s, expected i8", ingot_element_text(shift->element));
  return ingot_expect_same_shape(op, shift, multiplier);
}

ingot_status ingot_expect_rescaling_along(const ingot_op *op, ingot_rescaling rescaling, uint32_t input, int64_t axis) {
  const ingot_tensor *multiplier = op->x[input], *y = op->y;
  const bool per_channel = multiplier != NULL && multiplier->rank > 0;
  REQUIRE(op, !per_channel || axis < y->rank, "axis is %lld, expected less than %u", (long long)axis, y->rank);
  return ingot_expect_rescaling(op, rescaling, input, per_channel ? y->dims[axis] : -1);
}

ingot_status ingot_expect_quantized(const ingot_op *op, uint32_t input, bool wide) {
  const ingot_tensor *x = op->x[input], *zero = op->x[input + 1];
  REQUIRE(op, ingot_is_quantized(x->element) && (wide || x->element != INGOT_I32), "the input has element %s, expected i8, u8%s",
          ingot_element_text(x->element), wide ? ", i16 or i32" : " or i16");
  REQUIRE(op, zero->element == x->element && zero->rank == 0,
          "the zero point of the input has element %s and rank %u, expected %s and 0", ingot_element_text(zero->element), zero->rank,
          ingot_element_text(x->element));
  return INGOT_OK;
}

ingot_status ingot_expect_no_rescaling(const ingot_op *op, ingot_rescaling rescaling) {
  REQUIRE(op, rescaling.rounding == INGOT_RESCALE_HALF_UP && rescaling.least == INT32_MIN && rescaling.most == INT32_MAX,
          "it has attributes of a rescaling but not its inputs");
  return INGOT_OK;
}

kernel_rescaling ingot_prepared_result(const ingot_preparation *p, ingot_rescaling rescaling, uint32_t input) {
  const int64_t least = least_of(p->y->element), most = most_of(p->y->element);
  return (kernel_rescaling){
      .zero = prepared_address(p, prepared_input(p, input)), .rounding = (uint8_t)rescaling.rounding, .y_element = p->y->element,
      .least = rescaling.least > least ? rescaling.least : least, .most = rescaling.most < most ? rescaling.most : most};
}

kernel_rescaling ingot_prepared_rescaling(const ingot_preparation *p, ingot_rescaling rescaling, uint32_t input) {
  const ingot_tensor *multiplier = prepared_input(p, input);
  kernel_rescaling arguments = ingot_prepared_result(p, rescaling, input + 2);
  arguments.multiplier = prepared_address(p, multiplier);
  arguments.shift = prepared_address(p, prepared_input(p, input + 1));
  arguments.per_channel = multiplier->rank == 1;
  return arguments;
}

kernel_channels ingot_prepared_channels(const ingot_tensor *x, const kernel_rescaling *rescaling, int64_t axis) {
  const uint32_t place = rescaling->per_channel ? (uint32_t)axis : 0;
  if (x->rank == 0) return (kernel_channels){1, 1, 1};
  return (kernel_channels){prepared_product(x, 0, place), x->dims[place], prepared_product(x, place + 1, x->rank)};
}

/* A scalar of the operand's element, or one for each of `extent` (none when negative). */
static ingot_status expect_zero_point(const ingot_op *op, const ingot_tensor *zero, const ingot_tensor *operand, int64_t extent) {
  REQUIRE(op, zero->element == operand->element && (zero->rank == 0 || (zero->rank == 1 && zero->dims[0] == extent)),
          "a zero point has element %s, rank %u and first extent %lld, expected element %s and [] or [%lld]",
          ingot_element_text(zero->element), zero->rank, (long long)zero->dims[0], ingot_element_text(operand->element),
          (long long)extent);
  return INGOT_OK;
}

static bool is_byte(const ingot_tensor *tensor) { return tensor->element == INGOT_I8 || tensor->element == INGOT_U8; }

static ingot_status expect_epilogue(const ingot_op *op, ingot_rescaling rescaling, int64_t channels) {
  const uint32_t count = op->inputs - 4;
  REQUIRE(op, count == 0 || count == 1 || count == 3 || count == 4,
          "it has %u inputs, expected 4, a bias if any, then multiplier, shift and zero point if any", op->inputs);
  if (count % 3 == 1) {
    const ingot_tensor *bias = op->x[4];
    REQUIRE(op, bias != NULL && bias->element == INGOT_I32, "the bias is absent or not i32");
    CHECK(ingot_expect_vector(op, bias, channels, "the bias"));
  }
  if (count >= 3) return ingot_expect_rescaling(op, rescaling, op->inputs - 3, channels);
  REQUIRE(op, op->y->element == INGOT_I32, "the result has element %s, expected i32", ingot_element_text(op->y->element));
  return ingot_expect_no_rescaling(op, rescaling);
}

ingot_status ingot_expect_integer_product(const ingot_op *op, ingot_rescaling rescaling, int64_t rows, int64_t channels) {
  const ingot_tensor *x = op->x[0], *w = op->x[1];
  REQUIRE(op, (is_byte(x) && is_byte(w)) || (x->element == INGOT_I16 && w->element == INGOT_I8),
          "the factors have elements %s and %s, expected i8 or u8, or i16 with i8", ingot_element_text(x->element),
          ingot_element_text(w->element));
  CHECK(expect_zero_point(op, op->x[2], x, rows));
  CHECK(expect_zero_point(op, op->x[3], w, channels));
  return expect_epilogue(op, rescaling, channels);
}

void ingot_prepare_integer_epilogue(const ingot_preparation *p, ingot_rescaling rescaling, const int32_t **bias,
                                    kernel_rescaling *arguments) {
  const uint32_t count = p->instruction->input_count - 4u;
  *bias = count % 3 == 1 ? prepared_address(p, prepared_input(p, 4)) : NULL;
  *arguments = count >= 3 ? ingot_prepared_rescaling(p, rescaling, p->instruction->input_count - 3u)
                          : (kernel_rescaling){.y_element = INGOT_I32};
}
