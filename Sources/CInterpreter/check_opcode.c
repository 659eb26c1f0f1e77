/* Rules that follow from an opcode's facts and schema, then its own. */
#include "opcode.h"

#include <stdio.h>

/* One attribute: its name, and for that of a tail where it stands. */
typedef struct {
  const ingot_field *field;
  const void *word;
  int32_t entry; /* of the tail, or -1 */
  const char *of;
} attribute;

/* "stride of spatial axis 1" */
static const char *name_of(const attribute *a, char text[96]) {
  if (a->entry < 0) return a->field->name;
  snprintf(text, 96, "%s of %s %d", a->field->name, a->of, (int)a->entry);
  return text;
}

static ingot_status expect_range(const ingot_op *op, const attribute *a, int64_t least, int64_t most) {
  const int64_t value = *(const int64_t *)a->word;
  char name[96];
  REQUIRE(op, value >= least && value <= most, "%s is %lld, expected %lld to %lld", name_of(a, name), (long long)value,
          (long long)least, (long long)most);
  return INGOT_OK;
}

static ingot_status expect_value(const ingot_op *op, const attribute *a) {
  const int64_t value = *(const int64_t *)a->word;
  if (value >= a->field->least && value <= a->field->most) return INGOT_OK;
  char name[96], values[256] = "";
  size_t used = 0;
  for (const char *const *v = a->field->values; *v != NULL && used < sizeof values; v++)
    used += (size_t)snprintf(values + used, sizeof values - used, "%s%s", used == 0 ? "" : ", ", *v);
  return ingot_invalid(op->c, "%s is %lld, expected 0 to %lld: %s", name_of(a, name), (long long)value,
                       (long long)a->field->most, values);
}

static ingot_status expect_activation(const ingot_op *op, const attribute *a) {
  const int64_t function = ((const ingot_activation *)a->word)->function;
  const bool known = function == INGOT_FN_NONE ||
                     (function > 0 && function <= UINT32_MAX && ingot_function_arity((uint32_t)function) == 1 &&
                      ingot_function_result((uint32_t)function, INGOT_F32) == INGOT_F32);
  char name[96];
  REQUIRE(op, known, "%s is %lld, expected a function of one float, or 0 for none", name_of(a, name), (long long)function);
  return INGOT_OK;
}

static ingot_status check_attribute(const ingot_op *op, const attribute *a) {
  char name[96];
  switch (a->field->kind) {
    case INGOT_FIELD_INTEGER:
    case INGOT_FIELD_COUNT:
    case INGOT_FIELD_FLAG: return expect_range(op, a, a->field->least, a->field->most);
    case INGOT_FIELD_ENUM: return expect_value(op, a);
    case INGOT_FIELD_AXIS: return expect_range(op, a, 0, (int64_t)op->x[0]->rank - 1);
    case INGOT_FIELD_AXES: {
      const uint64_t mask = *(const uint64_t *)a->word;
      REQUIRE(op, mask >> op->x[0]->rank == 0, "%s is the mask %llu, which names axes beyond rank %u", name_of(a, name),
              (unsigned long long)mask, op->x[0]->rank);
      return INGOT_OK;
    }
    case INGOT_FIELD_SCALE: {
      const double scale = *(const double *)a->word;
      REQUIRE(op, scale > 1e-12 && scale < 1e12, "%s is %g, expected a positive number", name_of(a, name), scale);
      return INGOT_OK;
    }
    case INGOT_FIELD_ACTIVATION: return expect_activation(op, a);
    case INGOT_FIELD_REAL:
    case INGOT_FIELD_NUMBER:
    case INGOT_FIELD_STEP: return INGOT_OK;
  }
  return INGOT_OK;
}

static ingot_status check_fields(const ingot_op *op, const ingot_field *fields, const uint64_t *words, int32_t entry,
                                 const char *of) {
  for (const ingot_field *field = fields; field->name != NULL; words += ingot_field_words(field->kind), field++) {
    const attribute a = {field, words, entry, of};
    CHECK(check_attribute(op, &a));
  }
  return INGOT_OK;
}

/* Entries of the tail that an instruction must have: at least and at most. */
static void tail_range(const ingot_op *op, ingot_tail_kind each, uint32_t *least, uint32_t *most) {
  switch (each) {
    case INGOT_TAIL_NONE: break;
    case INGOT_TAIL_SPATIAL: *least = *most = op->x[0]->rank > 2 ? op->x[0]->rank - 2u : 0; break;
    case INGOT_TAIL_AXIS: *least = *most = op->x[0]->rank; break;
    case INGOT_TAIL_LIST: *least = 1, *most = INGOT_MAX_ELEMENTWISE_STEPS; break;
  }
}

static ingot_status check_attributes(ingot_op *op, const ingot_schema *schema) {
  static const char *const each[] = {"", "spatial axis", "axis", "entry"};
  const uint32_t words = op->instruction->attribute_count;
  uint32_t least = 0, most = 0;
  tail_range(op, schema->each, &least, &most);
  const uint32_t tail = words < schema->head_words ? 0 : words - schema->head_words;
  op->tail_count = schema->tail_words == 0 ? 0 : tail / schema->tail_words;
  const bool fits = words == schema->head_words + op->tail_count * schema->tail_words;
  if (least == most)
    REQUIRE(op, fits && op->tail_count == least, "it has %u words of attributes, expected %u", words,
            schema->head_words + least * schema->tail_words);
  REQUIRE(op, fits && op->tail_count >= least && op->tail_count <= most,
          "it has %u words of attributes, expected %u and %u to %u times %u", words, schema->head_words, least, most,
          schema->tail_words);
  CHECK(check_fields(op, schema->head, op->attributes, -1, ""));
  for (uint32_t i = 0; i < op->tail_count; i++)
    CHECK(check_fields(op, schema->tail, (const uint64_t *)op->tail + i * schema->tail_words, (int32_t)i, each[schema->each]));
  return INGOT_OK;
}

static ingot_status expect_results(const ingot_op *op, uint32_t count) {
  REQUIRE(op, op->instruction->result_count == count, "it has %u results, expected %u", op->instruction->result_count, count);
  return INGOT_OK;
}

static ingot_status check_inputs(const ingot_op *op, const ingot_facts *facts) {
  if (facts->required == facts->most)
    REQUIRE(op, op->inputs == facts->most, "it has %u inputs, expected %u", op->inputs, facts->most);
  REQUIRE(op, op->inputs >= facts->required && op->inputs <= facts->most, "it has %u inputs, expected %u to %u", op->inputs,
          facts->required, facts->most);
  for (uint32_t i = 0; i < facts->required; i++)
    REQUIRE(op, ingot_input_operand(op->c->view, op->instruction, i) != NULL, "input %u is absent", i);
  return INGOT_OK;
}

static ingot_status check_layouts(const ingot_op *op, const ingot_facts *facts) {
  const uint32_t operands = (uint32_t)op->instruction->result_count + op->instruction->input_count;
  for (uint32_t k = 0; k < operands; k++) {
    const ingot_tensor *tensor = ingot_operand(op->c->view, op->instruction, k);
    const ingot_layout *layout = tensor == NULL ? NULL : ingot_layout_of(op->c->view, tensor);
    REQUIRE(op, layout == NULL || (facts->takes != NULL && facts->takes(op, k, layout)),
            "operand %u lies in layout %u, in which this does not take it", k, tensor->layout - 1u);
  }
  return INGOT_OK;
}

static ingot_status check_windows(const ingot_op *op, const ingot_facts *facts) {
  const uint32_t operands = (uint32_t)op->instruction->result_count + op->instruction->input_count;
  for (uint32_t k = 0; k < operands; k++) {
    const ingot_tensor *tensor = ingot_operand(op->c->view, op->instruction, k);
    const bool taken = (facts->windows >> (k < 31 ? k : 31) & 1) != 0;
    REQUIRE(op, tensor == NULL || tensor->image_rows == 0 || taken,
            "operand %u, tensor %u, is a window of rows, which this does not take there; copy it first", k,
            op->c->view->operands[op->instruction->first_operand + k]);
  }
  return INGOT_OK;
}

ingot_status ingot_check_opcode(const ingot_checker *c) {
  const ingot_instruction *instruction = &c->view->instructions[c->instruction];
  const ingot_facts *facts = ingot_facts_of(instruction);
  const ingot_schema *schema = ingot_opcode_schema(instruction->opcode);
  const uint64_t *attributes = c->view->attributes + instruction->first_attribute;
  ingot_op op = {.c = c, .instruction = instruction, .inputs = instruction->input_count, .attributes = attributes};
  if (facts->results_of == NULL) CHECK(expect_results(&op, facts->results));
  CHECK(check_inputs(&op, facts));
  op.y = result(&op, 0);
  for (uint32_t i = 0; i < INGOT_MAX_ELEMENTWISE_INPUTS; i++) op.x[i] = ingot_input_operand(c->view, instruction, i);
  op.tail = attributes + schema->head_words;
  CHECK(check_attributes(&op, schema));
  if (facts->results_of != NULL) CHECK(expect_results(&op, facts->results_of(attributes)));
  if (facts->check != NULL) CHECK(facts->check(&op));
  CHECK(check_windows(&op, facts));
  return check_layouts(&op, facts);
}
