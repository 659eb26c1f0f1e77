/* CONV: rules and kernel arguments. */
#include "../spatial.h"
#include "../stored.h"

static ingot_status check_conv(const ingot_op *op) {
  const ingot_conv_attributes *conv = op->attributes;
  REQUIRE(op, op->x[1]->rank >= 3, "the weight has rank %u, expected 3 to 5", op->x[1]->rank);
  ingot_tensor w;
  CHECK(ingot_expect_numbers(op, conv->bits, 1, op->x[0]->rank < 2 ? 0 : op->x[0]->dims[1] / conv->group, &w));
  ingot_op whole = *op;
  whole.x[1] = &w;
  CHECK(ingot_expect_convolution(&whole, false, conv->group));
  REQUIRE(op, op->y->image_rows == 0 || op->y->rank == 4, "the result has rank %u, expected 4 of a window of rows", op->y->rank);
  const int64_t taps = prepared_product(&w, 2, w.rank);
  REQUIRE(op, conv->bits != 4 || taps == 1 || op->x[4] == NULL, "weights in 4 bits have a kernel of %lld taps, expected 1", (long long)taps);
  CHECK(ingot_expect_weights(op, conv->bits, conv->block, w.dims[0], w.dims[1] * taps));
  return ingot_expect_vector(op, op->x[2], op->y->dims[1], "the bias");
}

/* Weights in panels of outputs, which no group divides. */
static bool takes_panels(const ingot_op *op, uint32_t operand, const ingot_layout *layout) {
  const ingot_conv_attributes *conv = op->attributes;
  if (operand != 2 || conv->bits != 0 || layout->block_extent == 0 || layout->block_axis != 0) return false;
  for (uint32_t i = 0; i < layout->rank; i++)
    if (layout->order[i] != i) return false;
  return conv->group == 1 || op->y->dims[1] / conv->group % layout->block_extent == 0;
}

/* Leaves some rows of the result, those of a window that turns. */
static void take_rows(const ingot_tensor *y, ingot_rows rows, kernel_convolution *p) {
  if (y->image_rows == 0) return;
  p->out[1] = rows.count;
  p->begin[1] -= rows.first * p->stride[1];
  p->y_ring.first = (y->first_row + rows.first) % y->image_rows;
}

static int prepare_conv(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_conv_attributes *conv = p->attributes;
  const ingot_tensor *w = prepared_input(p, 1);
  arguments->convolution = ingot_prepared_convolution(p);
  arguments->convolution.w_panel = prepared_block(p, w);
  take_rows(p->y, ingot_result_rows(p->y, p->part), &arguments->convolution);
  const int64_t inputs = prepared_input(p, 0)->dims[1] / conv->group;
  arguments->convolution.storage = ingot_prepared_weights(p, conv->bits, conv->block, inputs * prepared_product(w, 2, w->rank));
  return kernel_depthwise_fits(&arguments->convolution) ? KERNEL_depthwise : KERNEL_convolution;
}

const ingot_facts ingot_conv_facts = {.results = 1, .required = 2, .most = 5, .check = check_conv, .takes = takes_panels,
                                      .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0), .tasks = ingot_result_parts, .prepare = prepare_conv};
