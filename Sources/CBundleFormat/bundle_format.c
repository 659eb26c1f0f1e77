/* Tables of the format's codes. */
#include "ingot_format.h"

size_t ingot_element_bytes(uint32_t element) {
  switch (element) {
    case INGOT_I8:
    case INGOT_U8:
    case INGOT_BOOL: return 1;
    case INGOT_F16:
    case INGOT_BF16:
    case INGOT_I16: return 2;
    case INGOT_F32:
    case INGOT_I32: return 4;
    case INGOT_I64: return 8;
    default: return 0;
  }
}

unsigned ingot_function_arity(uint32_t function) {
  switch (function) {
#define INGOT_ARITY_CASE(name, number, arity) \
  case number: return arity;
    INGOT_ELEMENTWISE_FUNCTIONS(INGOT_ARITY_CASE)
#undef INGOT_ARITY_CASE
    default: return 0;
  }
}

const char *ingot_opcode_text(uint32_t opcode) {
  switch (opcode) {
#define INGOT_TEXT_CASE(name, number, text) \
  case number: return text;
    INGOT_OPCODES(INGOT_TEXT_CASE)
#undef INGOT_TEXT_CASE
    default: return NULL;
  }
}
