/* Arguments of the kernels that move elements. */
#include "prepare.h"

#include <string.h>

static void prepare_permute(const ingot_preparation *p, const ingot_tensor *x, kernel_permute *arguments) {
  *arguments = (kernel_permute){.x = prepared_address(p, x), .y = prepared_address(p, p->y),
                                .element_bytes = (uint32_t)ingot_element_bytes(x->element), .rank = x->rank};
  for (uint32_t i = 0; i < x->rank; i++) arguments->dims[i] = p->y->dims[i];
}

void ingot_prepare_transpose(const ingot_preparation *p, kernel_permute *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  prepare_permute(p, x, arguments);
  for (uint32_t i = 0; i < x->rank; i++)
    arguments->strides[i] = prepared_product(x, (uint32_t)p->attributes[i] + 1, x->rank);
  kernel_permute_merge(arguments);
}

void ingot_prepare_slice(const ingot_preparation *p, kernel_permute *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  prepare_permute(p, x, arguments);
  int64_t start = 0;
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t stride = prepared_product(x, i + 1, x->rank);
    start += prepared_integer(p, 2 * i) * stride;
    /* The step of an axis of extent 1 is never taken, whatever its size. */
    arguments->strides[i] = p->y->dims[i] == 1 ? 0 : prepared_integer(p, 2 * i + 1) * stride;
  }
  arguments->x = (const char *)arguments->x + start * arguments->element_bytes;
  kernel_permute_merge(arguments);
}

void ingot_prepare_concat(const ingot_preparation *p, uint32_t part, kernel_interleave *arguments) {
  const ingot_tensor *y = p->y;
  const uint32_t axis = (uint32_t)p->attributes[0];
  const int64_t piece = prepared_product(y, axis + 1, y->rank) * (int64_t)ingot_element_bytes(y->element);
  int64_t before = 0;
  for (uint32_t k = 0; k < part; k++) before += prepared_input(p, k)->dims[axis];
  const ingot_tensor *x = prepared_input(p, part);
  *arguments = (kernel_interleave){.x = prepared_address(p, x), .y = (char *)prepared_address(p, y) + before * piece,
                                   .rows = prepared_product(y, 0, axis), .bytes = x->dims[axis] * piece,
                                   .y_pitch = y->dims[axis] * piece};
}

/* Bytes of one element of the constant. */
static void pad_value(const ingot_preparation *p, uint32_t element, uint8_t value[8]) {
  const float real = (float)ingot_real(p->attributes[1]);
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
    case INGOT_BOOL: value[0] = p->attributes[1] != 0; break;
    default: memcpy(value, &p->attributes[1], sizeof(uint64_t)); /* little-endian: the low bytes come first */
  }
}

void ingot_prepare_pad(const ingot_preparation *p, kernel_pad *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  *arguments = (kernel_pad){.x = prepared_address(p, x), .y = prepared_address(p, p->y),
                            .element_bytes = (uint32_t)ingot_element_bytes(x->element), .rank = x->rank,
                            .mode = (uint8_t)p->attributes[0]};
  pad_value(p, x->element, arguments->value);
  for (uint32_t i = 0; i < x->rank; i++) {
    arguments->x_dims[i] = x->dims[i];
    arguments->y_dims[i] = p->y->dims[i];
    arguments->begin[i] = prepared_integer(p, 2 + i);
  }
}

void ingot_prepare_gather(const ingot_preparation *p, kernel_gather *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *indices = prepared_input(p, 1);
  const uint32_t axis = (uint32_t)p->attributes[0];
  *arguments = (kernel_gather){
      .x = prepared_address(p, x), .indices = prepared_address(p, indices), .y = prepared_address(p, p->y),
      .index_element = indices->element, .outer = prepared_product(x, 0, axis), .extent = x->dims[axis],
      .count = ingot_tensor_count(indices),
      .inner_bytes = prepared_product(x, axis + 1, x->rank) * (int64_t)ingot_element_bytes(x->element)};
}

void ingot_prepare_scatter(const ingot_preparation *p, kernel_scatter *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *indices = prepared_input(p, 1), *updates = prepared_input(p, 2);
  *arguments = (kernel_scatter){
      .x = prepared_address(p, x), .indices = prepared_address(p, indices), .updates = prepared_address(p, updates),
      .y = prepared_address(p, p->y), .element = x->element, .index_element = indices->element,
      .reduction = (uint8_t)p->attributes[0], .extent = x->dims[0], .count = ingot_tensor_count(indices),
      .inner = prepared_product(x, 1, x->rank)};
}

void ingot_prepare_take(const ingot_preparation *p, int64_t step, kernel_copy *arguments) {
  const int64_t bytes = (int64_t)ingot_tensor_bytes(p->y);
  const char *x = prepared_address(p, prepared_input(p, 0));
  *arguments = (kernel_copy){x + step * bytes, prepared_address(p, p->y), bytes};
}

void ingot_prepare_put(const ingot_preparation *p, int64_t step, kernel_copy *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  const int64_t bytes = (int64_t)ingot_tensor_bytes(x);
  char *y = prepared_address(p, p->y);
  *arguments = (kernel_copy){prepared_address(p, x), y + step * bytes, bytes};
}
