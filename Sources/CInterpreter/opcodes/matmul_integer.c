/* MATMUL_INTEGER: rules and kernel arguments. */
#include "../product.h"
#include "../rescaling.h"

static ingot_status check_matmul_integer(const ingot_op *op) {
  const ingot_tensor *y = op->y;
  CHECK(ingot_expect_product(op, false, false));
  return ingot_expect_integer_product(op, *(const ingot_rescaling *)op->attributes, y->dims[y->rank - 2], y->dims[y->rank - 1]);
}

/* b in groups of its rows. */
static bool takes_groups(const ingot_op *op, uint32_t operand, const ingot_layout *layout) {
  if (operand != 2 || layout->block_extent == 0 || layout->block_axis != op->x[1]->rank - 2) return false;
  for (uint32_t i = 0; i < layout->rank; i++)
    if (layout->order[i] != i) return false;
  return true;
}

static int prepare_matmul_integer(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_tensor *a = prepared_input(p, 0), *b = prepared_input(p, 1), *y = p->y;
  const ingot_tensor *a_zero = prepared_input(p, 2), *b_zero = prepared_input(p, 3);
  kernel_matmul_integer *arguments = &all->matmul_integer;
  *arguments = (kernel_matmul_integer){
      .a = prepared_address(p, a), .b = prepared_address(p, b), .a_zero = prepared_address(p, a_zero),
      .b_zero = prepared_address(p, b_zero), .y = prepared_address(p, y), .a_element = a->element, .b_element = b->element,
      .a_zero_per_row = a_zero->rank == 1, .b_zero_per_column = b_zero->rank == 1, .m = y->dims[y->rank - 2],
      .n = y->dims[y->rank - 1], .k = a->dims[a->rank - 1], .b_group = prepared_block(p, b), .batch_rank = y->rank - 2u};
  for (uint32_t i = 0; i < arguments->batch_rank; i++) arguments->batch[i] = y->dims[i];
  const int64_t of_a = ingot_prepare_batches(a, y, arguments->a_batch), of_b = ingot_prepare_batches(b, y, arguments->b_batch);
  /* Batches of a against one b are rows of a single product. */
  if (of_b == 1 && !arguments->a_zero_per_row && of_a * arguments->m * arguments->n == ingot_tensor_count(y)) {
    arguments->m *= of_a;
    arguments->batch_rank = 0;
  }
  ingot_prepare_integer_epilogue(p, *(const ingot_rescaling *)p->attributes, &arguments->bias, &arguments->rescaling);
  return KERNEL_matmul_integer;
}

const ingot_facts ingot_matmul_integer_facts = {
    .results = 1, .required = 4, .most = 8, .check = check_matmul_integer, .takes = takes_groups, .prepare = prepare_matmul_integer};
