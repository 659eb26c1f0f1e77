/* REPACK: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_repack(const ingot_op *op) {
  CHECK(ingot_expect_same_element(op, op->x[0]));
  REQUIRE(op, op->y->rank > 0, "a scalar has no layout");
  return ingot_expect_same_shape(op, op->x[0], op->y);
}

static bool takes_all(const ingot_op *op, uint32_t operand, const ingot_layout *layout) {
  (void)op, (void)operand, (void)layout;
  return true;
}

static kernel_layout prepared_layout(const ingot_preparation *p, const ingot_tensor *tensor) {
  const ingot_layout *layout = ingot_layout_of(p->view, tensor);
  kernel_layout result = {.block_extent = prepared_block(p, tensor), .block_axis = layout == NULL ? 0 : layout->block_axis};
  for (uint32_t i = 0; i < tensor->rank; i++) result.order[i] = layout == NULL ? (uint8_t)i : layout->order[i];
  return result;
}

static int prepare_repack(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_tensor *x = prepared_input(p, 0), *y = p->y;
  kernel_repack *repack = &arguments->repack;
  *repack = (kernel_repack){.x = prepared_address(p, x), .y = prepared_address(p, y), .rank = y->rank,
                            .element_bytes = (uint32_t)ingot_element_bytes(y->element),
                            .x_layout = prepared_layout(p, x), .y_layout = prepared_layout(p, y)};
  for (uint32_t i = 0; i < y->rank; i++) repack->dims[i] = y->dims[i];
  return KERNEL_repack;
}

const ingot_facts ingot_repack_facts = {
    .results = 1, .required = 1, .most = 1, .takes = takes_all, .check = check_repack, .prepare = prepare_repack};
