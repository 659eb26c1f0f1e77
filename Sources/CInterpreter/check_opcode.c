/* The rules of every opcode: dispatch, and what they share. */
#include "check_opcode.h"

ingot_status ingot_expect_inputs(const ingot_op *op, uint32_t required, uint32_t most) {
  REQUIRE(op, op->inputs >= required && op->inputs <= most, "it has %u inputs, expected %u to %u", op->inputs, required, most);
  for (uint32_t i = 0; i < required; i++) {
    REQUIRE(op, ingot_input_operand(op->c->view, op->instruction, i) != NULL, "input %u is absent", i);
  }
  return INGOT_OK;
}

ingot_status ingot_expect_attributes(const ingot_op *op, uint64_t count) {
  REQUIRE(op, op->attribute_count == count, "it has %u attributes, expected %llu", op->attribute_count,
          (unsigned long long)count);
  return INGOT_OK;
}

ingot_status ingot_expect_range(const ingot_op *op, uint32_t index, int64_t least, int64_t most, const char *what) {
  const int64_t value = attribute(op, index);
  REQUIRE(op, value >= least && value <= most, "%s is %lld, expected %lld to %lld", what, (long long)value,
          (long long)least, (long long)most);
  return INGOT_OK;
}

ingot_status ingot_expect_floats(const ingot_op *op) {
  for (uint32_t i = 0; i <= op->inputs; i++) {
    const ingot_tensor *tensor = i == 0 ? op->y : op->x[i - 1];
    REQUIRE(op, tensor == NULL || is_float(tensor), "operand %u has element %u, expected f32, f16 or bf16", i,
            tensor->element);
  }
  return INGOT_OK;
}

ingot_status ingot_expect_same_shape(const ingot_op *op, const ingot_tensor *a, const ingot_tensor *b) {
  REQUIRE(op, a->rank == b->rank, "shapes of rank %u and %u meet, expected the same", a->rank, b->rank);
  for (uint32_t i = 0; i < a->rank; i++) {
    REQUIRE(op, a->dims[i] == b->dims[i], "extents %lld and %lld meet at axis %u, expected the same", (long long)a->dims[i],
            (long long)b->dims[i], i);
  }
  return INGOT_OK;
}

ingot_status ingot_expect_vector(const ingot_op *op, const ingot_tensor *tensor, int64_t extent, const char *what) {
  if (tensor == NULL) return INGOT_OK;
  REQUIRE(op, tensor->rank == 1 && tensor->dims[0] == extent, "%s has rank %u and first extent %lld, expected [%lld]", what,
          tensor->rank, (long long)tensor->dims[0], (long long)extent);
  return INGOT_OK;
}

ingot_status ingot_expect_zero_point(const ingot_op *op, const ingot_tensor *zero, const ingot_tensor *operand, int64_t extent) {
  REQUIRE(op, operand->element == INGOT_I8 || operand->element == INGOT_U8, "an operand has element %u, expected i8 or u8",
          operand->element);
  REQUIRE(op, zero->element == operand->element && (zero->rank == 0 || (zero->rank == 1 && zero->dims[0] == extent)),
          "a zero point has element %u, rank %u and first extent %lld, expected element %u and [] or [%lld]", zero->element,
          zero->rank, (long long)zero->dims[0], operand->element, (long long)extent);
  return INGOT_OK;
}

ingot_status ingot_expect_activation(const ingot_op *op, uint32_t first_attribute) {
  const uint64_t function = op->attributes[first_attribute];
  REQUIRE(op, function == 0 || (function <= UINT32_MAX && ingot_function_arity((uint32_t)function) == 1 &&
                                ingot_function_result((uint32_t)function, INGOT_F32) == INGOT_F32),
          "activation %llu is no function of one float", (unsigned long long)function);
  return INGOT_OK;
}

static uint32_t results_of(const ingot_op *op) {
  switch (op->instruction->opcode) {
    case INGOT_OP_TOP_K:
    case INGOT_OP_NONZERO:
    case INGOT_OP_NMS: return 2;
    case INGOT_OP_UNIQUE: return 4;
    case INGOT_OP_RECURRENT: return op->attribute_count > 0 && op->attributes[0] == 0 ? 3 : 2;
    default: return 1;
  }
}

ingot_status ingot_check_opcode(const ingot_checker *c) {
  const ingot_instruction *instruction = &c->view->instructions[c->instruction];
  ingot_op op = {.c = c, .instruction = instruction, .inputs = instruction->input_count,
                 .attributes = c->view->attributes + instruction->first_attribute,
                 .attribute_count = instruction->attribute_count};
  const uint32_t results = results_of(&op);
  REQUIRE(&op, instruction->result_count == results, "it has %u results, expected %u", instruction->result_count, results);
  REQUIRE(&op, op.inputs >= 1, "it has no input");
  REQUIRE(&op, op.inputs <= INGOT_MAX_ELEMENTWISE_INPUTS || instruction->opcode == INGOT_OP_CONCAT,
          "it has %u inputs, expected at most %u", op.inputs, INGOT_MAX_ELEMENTWISE_INPUTS);
  op.y = ingot_operand(c->view, instruction, 0);
  for (uint32_t i = 0; i < INGOT_MAX_ELEMENTWISE_INPUTS; i++) op.x[i] = ingot_input_operand(c->view, instruction, i);
  switch ((ingot_opcode)instruction->opcode) {
    case INGOT_OP_LOOP: break; /* has rules of its own, in check_loop.c */
    case INGOT_OP_TAKE: return ingot_check_take(&op);
    case INGOT_OP_PUT: return ingot_check_put(&op);
    case INGOT_OP_COPY: return ingot_check_copy(&op);
    case INGOT_OP_ELEMENTWISE: return ingot_check_elementwise(&op);
    case INGOT_OP_MATMUL: return ingot_check_matmul(&op);
    case INGOT_OP_CONV: return ingot_check_conv(&op, false);
    case INGOT_OP_CONV_TRANSPOSE: return ingot_check_conv(&op, true);
    case INGOT_OP_POOL: return ingot_check_pool(&op);
    case INGOT_OP_ARG_POOL: return ingot_check_arg_pool(&op);
    case INGOT_OP_REDUCE: return ingot_check_reduce(&op);
    case INGOT_OP_ARG_REDUCE: return ingot_check_arg_reduce(&op);
    case INGOT_OP_SOFTMAX: return ingot_check_softmax(&op);
    case INGOT_OP_NORMALIZE: return ingot_check_normalize(&op);
    case INGOT_OP_TRANSPOSE: return ingot_check_transpose(&op);
    case INGOT_OP_CONCAT: return ingot_check_concat(&op);
    case INGOT_OP_SLICE: return ingot_check_slice(&op);
    case INGOT_OP_PAD: return ingot_check_pad(&op);
    case INGOT_OP_GATHER: return ingot_check_gather(&op);
    case INGOT_OP_RESIZE: return ingot_check_resize(&op);
    case INGOT_OP_SCATTER: return ingot_check_scatter(&op);
    case INGOT_OP_MATMUL_INTEGER: return ingot_check_matmul_integer(&op);
    case INGOT_OP_CONV_INTEGER: return ingot_check_conv_integer(&op);
    case INGOT_OP_GRID_SAMPLE: return ingot_check_grid_sample(&op);
    case INGOT_OP_ROI_ALIGN: return ingot_check_roi_align(&op);
    case INGOT_OP_RECURRENT: return ingot_check_recurrent(&op);
    case INGOT_OP_TOP_K: return ingot_check_top_k(&op);
    case INGOT_OP_NONZERO: return ingot_check_nonzero(&op);
    case INGOT_OP_UNIQUE: return ingot_check_unique(&op);
    case INGOT_OP_NMS: return ingot_check_nms(&op);
    case INGOT_OP_CUMSUM: return ingot_check_cumsum(&op);
  }
  return ingot_invalid(c, "the opcode is %u", instruction->opcode);
}
