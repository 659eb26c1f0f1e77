/* MATMUL_INTEGER: rules and kernel arguments. */
#include "../product.h"
#include "../rescaling.h"

static ingot_status check_matmul_integer(const ingot_op *op) {
  const ingot_tensor *y = op->y;
  CHECK(ingot_expect_product(op, false, false));
  return ingot_expect_integer_product(op, *(const ingot_rescaling *)op->attributes, y->dims[y->rank - 2], y->dims[y->rank - 1]);
}

static int prepare_matmul_integer(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_tensor *a = prepared_input(p, 0), *b = prepared_input(p, 1), *y = p->y;
  const ingot_tensor *a_zero = prepared_input(p, 2), *b_zero = prepared_input(p, 3);
  kernel_matmul_integer *arguments = &all->matmul_integer;
  *arguments = (kernel_matmul_integer){
      .a = prepared_address(p, a), .b = prepared_address(p, b), .a_zero = prepared_address(p, a_zero),
      .b_zero = prepared_address(p, b_zero), .y = prepared_address(p, y), .a_element = a->element, .b_element = b->element,
      .a_zero_per_row = a_zero->rank == 1, .b_zero_per_column = b_zero->rank == 1, .m = y->dims[y->rank - 2],
      .n = y->dims[y->rank - 1], .k = a->dims[a->rank - 1], .batch_rank = y->rank - 2u};
  for (uint32_t i = 0; i < arguments->batch_rank; i++) arguments->batch[i] = y->dims[i];
  ingot_prepare_batches(a, y, arguments->a_batch);
  ingot_prepare_batches(b, y, arguments->b_batch);
  ingot_prepare_integer_epilogue(p, *(const ingot_rescaling *)p->attributes, &arguments->bias, &arguments->rescaling);
  return KERNEL_matmul_integer;
}

const ingot_facts ingot_matmul_integer_facts = {
    .results = 1, .required = 4, .most = 8, .check = check_matmul_integer, .prepare = prepare_matmul_integer};
