/* PAD: rules and kernel arguments. */
#include "../opcode.h"

#include <string.h>

static ingot_status check_pad(const ingot_op *op) {
  const ingot_pad_attributes *pad = op->attributes;
  const ingot_pad_axis *axes = op->tail;
  const ingot_tensor *x = op->x[0], *y = op->y;
  CHECK(ingot_expect_same_element(op, x));
  REQUIRE(op, x->rank == y->rank, "ranks are %u and %u, expected the same", x->rank, y->rank);
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t begin = axes[i].begin, extent = x->dims[i];
    /* Positions of the result before, and after, the input. */
    const int64_t end = y->dims[i] - begin - extent;
    const bool inside = begin <= 0 && end <= 0;
    REQUIRE(op, pad->mode == INGOT_PAD_CONSTANT || ingot_tensor_count(y) == 0 || inside || extent > 0,
            "axis %u pads an empty axis", i);
    REQUIRE(op, pad->mode != INGOT_PAD_REFLECT || inside || (begin < extent && end < extent),
            "axis %u reflects %lld before and %lld after an extent of %lld", i, (long long)begin, (long long)end,
            (long long)extent);
  }
  return INGOT_OK;
}

/* Bytes of one element of the constant. */
static void store(ingot_number number, uint32_t element, uint8_t value[8]) {
  const float real = (float)number.real;
  uint16_t half;
  switch (element) {
    case INGOT_F32: memcpy(value, &real, sizeof real); break;
    case INGOT_F16:
      half = kernel_float_to_half(real);
      memcpy(value, &half, sizeof half);
      break;
    case INGOT_BF16:
      half = kernel_float_to_bfloat(real);
      memcpy(value, &half, sizeof half);
      break;
    case INGOT_BOOL: value[0] = number.integer != 0; break;
    default: memcpy(value, &number.integer, sizeof number.integer); /* little-endian: the low bytes come first */
  }
}

static int prepare_pad(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_pad_attributes *pad = p->attributes;
  const ingot_pad_axis *axes = p->tail;
  const ingot_tensor *x = prepared_input(p, 0);
  kernel_pad *arguments = &all->pad;
  *arguments = (kernel_pad){.x = prepared_address(p, x), .y = prepared_address(p, p->y),
                            .element_bytes = (uint32_t)ingot_element_bytes(x->element), .mode = (uint8_t)pad->mode};
  store(pad->value, x->element, arguments->value);
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t extent = x->dims[i], rank = arguments->rank;
    if (extent == p->y->dims[i] && axes[i].begin == 0) {
      if (extent == 1) continue;
      if (rank > 0 && pad->mode == INGOT_PAD_CONSTANT) {
        /* Runs of this axis are elements of the one before. */
        arguments->x_dims[rank - 1] *= extent, arguments->y_dims[rank - 1] *= extent, arguments->begin[rank - 1] *= extent;
        continue;
      }
    }
    arguments->x_dims[rank] = extent, arguments->y_dims[rank] = p->y->dims[i], arguments->begin[rank] = axes[i].begin;
    arguments->rank++;
  }
  return KERNEL_pad;
}

const ingot_facts ingot_pad_facts = {.results = 1, .required = 1, .most = 1, .check = check_pad, .prepare = prepare_pad};
