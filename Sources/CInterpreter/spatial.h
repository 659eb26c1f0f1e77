/* What opcodes share that move windows over the spatial axes, those behind batch and channels. */
#ifndef INGOT_SPATIAL_H
#define INGOT_SPATIAL_H

#include "rows.h"

/* Operands have 1 to 3 spatial axes: x alone, or all of the same rank. */
ingot_status ingot_expect_spatial(const ingot_op *op, const ingot_tensor *a, const ingot_tensor *b);
/* x and y agree in batch and channels. */
ingot_status ingot_expect_same_channels(const ingot_op *op);
/* Shapes of a convolution. The tail is its window. */
ingot_status ingot_expect_convolution(const ingot_op *op, bool transposed, int64_t group);
/* Shapes of a pooling. The tail is its window. */
ingot_status ingot_expect_pooling(const ingot_op *op);

/* Kernels see three spatial axes: those that are there are the last ones, the others have extent 1. */
void ingot_prepare_spatial(const ingot_tensor *tensor, int64_t extents[3]);
/* The place among three of a tensor's first spatial axis. */
static inline uint32_t ingot_first_spatial(const ingot_tensor *tensor) { return 3 - (tensor->rank - 2u); }
/* What an op has of three axes, and what it is of an axis along which nothing happens; negative: anything. */
typedef struct {
  int64_t *extents;
  int64_t unit;
} ingot_spatial_extents;
/* Lets those axes come first that nothing happens along: kernels work along the last one. */
void ingot_put_unit_axes_first(const ingot_spatial_extents *extents, uint32_t count);
typedef struct {
  int64_t stride[3], dilation[3], begin[3];
} ingot_steps;
ingot_steps ingot_prepared_steps(const ingot_preparation *p, const ingot_tensor *x);
/* A pooling whose tail is its window. */
kernel_pool ingot_prepared_pool(const ingot_preparation *p, uint8_t kind);
/* Of CONV and CONV_TRANSPOSE. */
kernel_convolution ingot_prepared_convolution(const ingot_preparation *p);

#endif
