/* Fields of the opcodes' attributes as data. */
#include "ingot_opcodes.h"

#define VALUE_NAME(name, number, text) text,
#define VALUE_NAMES(type, VALUES) static const char *const type##_names[] = {VALUES(VALUE_NAME) NULL};
INGOT_ENUMS(VALUE_NAMES)
/* Numbers start at 0 without a gap, so that a name stands at its number. */
#define VALUE_NUMBER(name, number, text) +(1u << (number))
#define NUMBERS_ARE_DENSE(type, VALUES) \
  _Static_assert((0 VALUES(VALUE_NUMBER)) == (1u << (sizeof type##_names / sizeof *type##_names - 1)) - 1, #type);
INGOT_ENUMS(NUMBERS_ARE_DENSE)

#define FIELD_INTEGER(name, least, most) {#name, INGOT_FIELD_INTEGER, least, most, NULL},
#define FIELD_COUNT(name, most) {#name, INGOT_FIELD_COUNT, 0, most, NULL},
#define FIELD_FLAG(name) {#name, INGOT_FIELD_FLAG, 0, 1, NULL},
#define FIELD_ENUM(name, type) \
  {#name, INGOT_FIELD_ENUM, 0, (int64_t)(sizeof type##_names / sizeof *type##_names) - 2, type##_names},
#define FIELD_AXIS(name) {#name, INGOT_FIELD_AXIS, 0, 0, NULL},
#define FIELD_AXES(name) {#name, INGOT_FIELD_AXES, 0, 0, NULL},
#define FIELD_REAL(name) {#name, INGOT_FIELD_REAL, 0, 0, NULL},
#define FIELD_SCALE(name) {#name, INGOT_FIELD_SCALE, 0, 0, NULL},
#define FIELD_NUMBER(name) {#name, INGOT_FIELD_NUMBER, 0, 0, NULL},
#define FIELD_ACTIVATION(name) {#name, INGOT_FIELD_ACTIVATION, 0, 0, NULL},
#define FIELD_STEP(name) {#name, INGOT_FIELD_STEP, 0, 0, NULL},
#define FIELD(kind, ...) FIELD_##kind(__VA_ARGS__)

/* The structs hold nothing but words. */
#define WORDS_INTEGER(...) +1
#define WORDS_COUNT(...) +1
#define WORDS_FLAG(...) +1
#define WORDS_ENUM(...) +1
#define WORDS_AXIS(...) +1
#define WORDS_AXES(...) +1
#define WORDS_REAL(...) +1
#define WORDS_SCALE(...) +1
#define WORDS_NUMBER(...) +1
#define WORDS_ACTIVATION(...) +3
#define WORDS_STEP(...) +7
#define WORDS(kind, ...) WORDS_##kind(__VA_ARGS__)
_Static_assert(sizeof(ingot_number) == 8 && sizeof(ingot_activation) == 24 && sizeof(ingot_step) == 56, "attribute layout");

#define FIELDS_OF(NAME, number, name, FIELDS, EACH, TAIL, work)                                        \
  static const ingot_field name##_head[] = {INGOT_##FIELDS##_FIELDS(FIELD){NULL, INGOT_FIELD_INTEGER, 0, 0, NULL}}; \
  static const ingot_field name##_tail[] = {INGOT_##TAIL##_FIELDS(FIELD){NULL, INGOT_FIELD_INTEGER, 0, 0, NULL}};
INGOT_OPCODES(FIELDS_OF)

#define SCHEMA(NAME, number, name, FIELDS, EACH, TAIL, work)                                                   \
  [number] = {#name, name##_head, name##_tail, 0 INGOT_##FIELDS##_FIELDS(WORDS), 0 INGOT_##TAIL##_FIELDS(WORDS), \
              INGOT_TAIL_##EACH},
static const ingot_schema schemas[] = {INGOT_OPCODES(SCHEMA)};

const ingot_schema *ingot_opcode_schema(uint32_t opcode) {
  return opcode < sizeof schemas / sizeof *schemas && schemas[opcode].name != NULL ? &schemas[opcode] : NULL;
}

const char *ingot_opcode_text(uint32_t opcode) {
  const ingot_schema *schema = ingot_opcode_schema(opcode);
  return schema == NULL ? NULL : schema->name;
}

uint32_t ingot_field_words(ingot_field_kind kind) {
  switch (kind) {
    case INGOT_FIELD_ACTIVATION: return sizeof(ingot_activation) / 8;
    case INGOT_FIELD_STEP: return sizeof(ingot_step) / 8;
    default: return 1;
  }
}
