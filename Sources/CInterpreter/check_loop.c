/* Rules of loops and of what moves values between their steps. */
#include "check_loop.h"

#include "check_opcode.h"

ingot_status ingot_check_loop(const ingot_checker *c, ingot_nesting *nesting) {
  const ingot_program *header = c->view->header;
  const ingot_instruction *instruction = &c->view->instructions[c->instruction];
  INGOT_REQUIRE(c, instruction->result_count == 0 && instruction->input_count == 0 && instruction->attribute_count == 2,
                "it has %u results, %u inputs and %u attributes, expected 0, 0 and 2", instruction->result_count,
                instruction->input_count, instruction->attribute_count);
  const uint64_t count = c->view->attributes[instruction->first_attribute];
  const uint64_t length = c->view->attributes[instruction->first_attribute + 1];
  INGOT_REQUIRE(c, count >= 1 && count <= INGOT_MAX_LOOP_COUNT, "it repeats %llu times, expected 1 to %d",
                (unsigned long long)count, INGOT_MAX_LOOP_COUNT);
  INGOT_REQUIRE(c, nesting->depth < INGOT_MAX_LOOP_DEPTH, "it lies in %u other loops, expected less than %u", nesting->depth,
                INGOT_MAX_LOOP_DEPTH);
  const uint32_t end = nesting->depth == 0 ? header->instruction_count : nesting->loops[nesting->depth - 1].end;
  const uint32_t room = end - (c->instruction + 1);
  INGOT_REQUIRE(c, length >= 1 && length <= room, "it repeats the next %llu instructions, expected 1 to %u",
                (unsigned long long)length, room);
  const uint64_t executions = nesting->depth == 0 ? count : nesting->executions[nesting->depth - 1] * count;
  INGOT_REQUIRE(c, executions <= INGOT_MAX_EXECUTIONS, "it and the loops around it repeat instructions %llu times, expected at most %llu",
                (unsigned long long)executions, (unsigned long long)INGOT_MAX_EXECUTIONS);
  nesting->loops[nesting->depth] = ingot_loop_at(c->view, c->instruction);
  nesting->executions[nesting->depth] = executions;
  nesting->depth++;
  return INGOT_OK;
}

ingot_status ingot_count_work(const ingot_checker *c, ingot_nesting *nesting) {
  const uint64_t executions = nesting->depth == 0 ? 1 : nesting->executions[nesting->depth - 1];
  nesting->total += executions;
  INGOT_REQUIRE(c, nesting->total <= INGOT_MAX_EXECUTIONS, "a run executes more than %llu instructions",
                (unsigned long long)INGOT_MAX_EXECUTIONS);
  const ingot_instruction *instruction = &c->view->instructions[c->instruction];
  const ingot_tensor *operands[3] = {ingot_operand(c->view, instruction, 0), ingot_input_operand(c->view, instruction, 0),
                                     ingot_input_operand(c->view, instruction, 1)};
  const uint64_t once = ingot_call_multiply_adds(instruction->opcode, operands,
                                                 c->view->attributes + instruction->first_attribute);
  nesting->multiply_adds = ingot_saturating_sum(nesting->multiply_adds, ingot_saturating_product(once, executions));
  INGOT_REQUIRE(c, nesting->multiply_adds <= INGOT_MAX_MULTIPLY_ADDS, "a run makes more than %llu multiply-adds",
                (unsigned long long)INGOT_MAX_MULTIPLY_ADDS);
  while (nesting->depth > 0 && nesting->loops[nesting->depth - 1].end == c->instruction + 1) nesting->depth--;
  return INGOT_OK;
}

/* `whole` holds one `part` for each step of the innermost loop. */
static ingot_status check_parts(const ingot_op *op, const ingot_tensor *whole, const ingot_tensor *part) {
  REQUIRE(op, op->c->loop_count > 0, "it stands outside a loop");
  REQUIRE(op, whole->element == part->element, "elements %u and %u meet, expected the same", whole->element, part->element);
  REQUIRE(op, whole->rank == part->rank + 1u, "tensors of rank %u and %u meet, expected one more", whole->rank, part->rank);
  REQUIRE(op, whole->dims[0] == op->c->loop_count, "it has %lld parts, its loop has %lld steps", (long long)whole->dims[0],
          (long long)op->c->loop_count);
  for (uint32_t i = 0; i < part->rank; i++) {
    REQUIRE(op, whole->dims[i + 1] == part->dims[i], "extents %lld and %lld meet at axis %u of a part, expected the same",
            (long long)whole->dims[i + 1], (long long)part->dims[i], i);
  }
  return INGOT_OK;
}

ingot_status ingot_check_take(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 0));
  return check_parts(op, op->x[0], op->y);
}

ingot_status ingot_check_put(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 0));
  return check_parts(op, op->y, op->x[0]);
}
