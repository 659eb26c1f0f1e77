/* MATMUL: rules and kernel arguments. */
#include "../product.h"
#include "../stored.h"

/* Shapes of the product, and elements of all operands. */
static ingot_status expect_stored(const ingot_op *op) {
  const ingot_matmul_attributes *a = op->attributes;
  if (a->bits != 0) REQUIRE(op, a->transpose_b && op->x[1]->rank == 2, "b in %lld bits has rank %u, expected [N, K]", (long long)a->bits, op->x[1]->rank);
  const ingot_tensor *x = op->x[0];
  ingot_tensor b;
  CHECK(ingot_expect_numbers(op, a->bits, 1, x->rank < 2 ? 0 : x->dims[x->rank - (a->transpose_a ? 2 : 1)], &b));
  ingot_op product = *op;
  product.x[1] = &b;
  CHECK(ingot_expect_product(&product, a->transpose_a, a->transpose_b));
  return ingot_expect_weights(op, a->bits, a->block, b.dims[0], b.dims[1]);
}

static ingot_status check_matmul(const ingot_op *op) {
  const ingot_tensor *bias = op->x[2], *y = op->y;
  CHECK(expect_stored(op));
  if (bias == NULL) return INGOT_OK;
  const int64_t m = y->dims[y->rank - 2], n = y->dims[y->rank - 1];
  const bool by_column = bias->rank == 1 && bias->dims[0] == n;
  const bool by_row = bias->rank == 2 && bias->dims[0] == m && bias->dims[1] == 1;
  REQUIRE(op, by_column || by_row, "the bias has rank %u and first extent %lld, expected [%lld] or [%lld, 1]", bias->rank,
          (long long)bias->dims[0], (long long)n, (long long)m);
  return INGOT_OK;
}

/* a in panels of rows of the product, b in panels of its columns. */
static bool takes_panels(const ingot_op *op, uint32_t operand, const ingot_layout *layout) {
  const ingot_matmul_attributes *attributes = op->attributes;
  if (operand == 1) return ingot_is_panels(layout, op->x[0]->rank, !attributes->transpose_a);
  return operand == 2 && attributes->bits == 0 && ingot_is_panels(layout, op->x[1]->rank, attributes->transpose_b);
}

static int prepare_matmul(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_matmul_attributes *attributes = p->attributes;
  const ingot_tensor *a = prepared_input(p, 0), *b = prepared_input(p, 1), *bias = prepared_input(p, 2), *y = p->y;
  const bool transpose_a = attributes->transpose_a, transpose_b = attributes->transpose_b;
  const int64_t a_width = a->dims[a->rank - 1], b_width = b->dims[b->rank - 1];
  kernel_matmul *arguments = &all->matmul;
  *arguments = (kernel_matmul){
      .a = prepared_address(p, a), .b = prepared_address(p, b), .bias = prepared_address(p, bias),
      .y = prepared_address(p, y), .a_element = a->element, .b_element = b->element,
      .bias_element = prepared_element(bias), .y_element = y->element, .bias_per_row = bias != NULL && bias->rank == 2,
      .m = y->dims[y->rank - 2], .n = y->dims[y->rank - 1], .k = a->dims[a->rank - (transpose_a ? 2 : 1)],
      .a_row = transpose_a ? 1 : a_width, .a_column = transpose_a ? a_width : 1,
      .b_row = transpose_b ? 1 : b_width, .b_column = transpose_b ? b_width : 1,
      .a_panel = prepared_block(p, a), .b_panel = prepared_block(p, b), .batch_rank = y->rank - 2u,
      .activation = prepared_activation(attributes->activation)};
  arguments->storage = ingot_prepared_weights(p, attributes->bits, attributes->block, arguments->k);
  for (uint32_t i = 0; i < arguments->batch_rank; i++) arguments->batch[i] = y->dims[i];
  const int64_t of_a = ingot_prepare_batches(a, y, arguments->a_batch), of_b = ingot_prepare_batches(b, y, arguments->b_batch);
  /* Batches of a against one b are rows of a single product. */
  const bool all_rows = of_a * arguments->m * arguments->n == ingot_tensor_count(y);
  if (of_b == 1 && !transpose_a && arguments->a_panel == 0 && !arguments->bias_per_row && all_rows) {
    arguments->m *= of_a;
    arguments->batch_rank = 0;
  }
  return KERNEL_matmul;
}

const ingot_facts ingot_matmul_facts = {
    .results = 1, .required = 2, .most = 5, .check = check_matmul, .takes = takes_panels, .prepare = prepare_matmul};
