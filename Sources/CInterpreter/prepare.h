/* Building a kernel's arguments from an instruction of a checked program. */
#ifndef INGOT_PREPARE_H
#define INGOT_PREPARE_H

#include "internal.h"

typedef struct {
  const ingot_function_view *view;
  void *const *places;
  const ingot_instruction *instruction;
  const ingot_tensor *y;
  const uint64_t *attributes;
} ingot_preparation;

static inline const ingot_tensor *prepared_input(const ingot_preparation *p, uint32_t k) {
  return ingot_input_operand(p->view, p->instruction, k);
}
static inline const ingot_tensor *prepared_result(const ingot_preparation *p, uint32_t r) {
  return ingot_operand(p->view, p->instruction, r);
}
static inline int64_t prepared_integer(const ingot_preparation *p, uint32_t i) { return ingot_integer(p->attributes[i]); }

/* Address of a tensor; NULL for an absent one. Without places, some address that is not to be used. */
static inline void *prepared_address(const ingot_preparation *p, const ingot_tensor *tensor) {
  if (tensor == NULL) return NULL;
  const uintptr_t base = p->places == NULL ? INGOT_TENSOR_ALIGNMENT : (uintptr_t)p->places[tensor->buffer];
  return (void *)(base + (uintptr_t)tensor->offset);
}
static inline uint8_t prepared_element(const ingot_tensor *tensor) { return tensor == NULL ? INGOT_F32 : tensor->element; }
static inline int64_t prepared_product(const ingot_tensor *tensor, uint32_t first, uint32_t end) {
  int64_t product = 1;
  for (uint32_t i = first; i < end; i++) product *= tensor->dims[i];
  return product;
}
static inline kernel_activation prepared_activation(const ingot_preparation *p, uint32_t first) {
  return (kernel_activation){(uint32_t)p->attributes[first], (float)ingot_real(p->attributes[first + 1]),
                             (float)ingot_real(p->attributes[first + 2])};
}

void ingot_prepare_elementwise(const ingot_preparation *p, kernel_elementwise *arguments);
void ingot_prepare_matmul(const ingot_preparation *p, kernel_matmul *arguments);
void ingot_prepare_convolution(const ingot_preparation *p, kernel_convolution *arguments);
void ingot_prepare_matmul_integer(const ingot_preparation *p, kernel_matmul_integer *arguments);
void ingot_prepare_conv_integer(const ingot_preparation *p, kernel_conv_integer *arguments);
void ingot_prepare_grid_sample(const ingot_preparation *p, kernel_grid_sample *arguments);
void ingot_prepare_roi_align(const ingot_preparation *p, kernel_roi_align *arguments);
void ingot_prepare_recurrent(const ingot_preparation *p, kernel_recurrent *arguments);
void ingot_prepare_pool(const ingot_preparation *p, kernel_pool *arguments);
void ingot_prepare_arg_pool(const ingot_preparation *p, kernel_arg_pool *arguments);
void ingot_prepare_resize(const ingot_preparation *p, kernel_resize *arguments);
void ingot_prepare_reduce(const ingot_preparation *p, kernel_reduce *arguments);
void ingot_prepare_arg_reduce(const ingot_preparation *p, kernel_arg_reduce *arguments);
void ingot_prepare_softmax(const ingot_preparation *p, kernel_softmax *arguments);
void ingot_prepare_normalize(const ingot_preparation *p, kernel_normalize *arguments);
void ingot_prepare_cumsum(const ingot_preparation *p, kernel_cumsum *arguments);
void ingot_prepare_top_k(const ingot_preparation *p, kernel_top_k *arguments);
void ingot_prepare_nonzero(const ingot_preparation *p, kernel_nonzero *arguments);
void ingot_prepare_unique(const ingot_preparation *p, kernel_unique *arguments);
void ingot_prepare_nms(const ingot_preparation *p, kernel_nms *arguments);
void ingot_prepare_transpose(const ingot_preparation *p, kernel_permute *arguments);
void ingot_prepare_slice(const ingot_preparation *p, kernel_permute *arguments);
void ingot_prepare_concat(const ingot_preparation *p, uint32_t part, kernel_interleave *arguments);
void ingot_prepare_pad(const ingot_preparation *p, kernel_pad *arguments);
void ingot_prepare_gather(const ingot_preparation *p, kernel_gather *arguments);
void ingot_prepare_scatter(const ingot_preparation *p, kernel_scatter *arguments);
void ingot_prepare_take(const ingot_preparation *p, int64_t step, kernel_copy *arguments);
void ingot_prepare_put(const ingot_preparation *p, int64_t step, kernel_copy *arguments);

#endif
