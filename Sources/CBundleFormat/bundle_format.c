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

static bool has_float_form(uint32_t function) {
  switch (function) {
    case INGOT_FN_BIT_NOT:
    case INGOT_FN_TO_F32:
    case INGOT_FN_BIT_AND:
    case INGOT_FN_BIT_OR:
    case INGOT_FN_BIT_XOR:
    case INGOT_FN_SHIFT_LEFT:
    case INGOT_FN_SHIFT_RIGHT: return false;
    default: return ingot_function_arity(function) != 0;
  }
}

static bool has_integer_form(uint32_t function) {
  switch (function) {
    case INGOT_FN_IDENTITY:
    case INGOT_FN_NEG:
    case INGOT_FN_ABS:
    case INGOT_FN_SIGN:
    case INGOT_FN_NOT:
    case INGOT_FN_BIT_NOT:
    case INGOT_FN_RELU:
    case INGOT_FN_CLIP:
    case INGOT_FN_SHRINK:
    case INGOT_FN_AFFINE:
    case INGOT_FN_TO_F32:
    case INGOT_FN_TO_I8:
    case INGOT_FN_TO_U8:
    case INGOT_FN_TO_I16:
    case INGOT_FN_TO_I32:
    case INGOT_FN_TO_BOOL:
    case INGOT_FN_ADD:
    case INGOT_FN_SUB:
    case INGOT_FN_MUL:
    case INGOT_FN_DIV:
    case INGOT_FN_POW:
    case INGOT_FN_MAX:
    case INGOT_FN_MIN:
    case INGOT_FN_MOD:
    case INGOT_FN_FMOD:
    case INGOT_FN_EQUAL:
    case INGOT_FN_NOT_EQUAL:
    case INGOT_FN_LESS:
    case INGOT_FN_LESS_EQUAL:
    case INGOT_FN_GREATER:
    case INGOT_FN_GREATER_EQUAL:
    case INGOT_FN_AND:
    case INGOT_FN_OR:
    case INGOT_FN_XOR:
    case INGOT_FN_BIT_AND:
    case INGOT_FN_BIT_OR:
    case INGOT_FN_BIT_XOR:
    case INGOT_FN_SHIFT_LEFT:
    case INGOT_FN_SHIFT_RIGHT:
    case INGOT_FN_SELECT: return true;
    default: return false;
  }
}

uint32_t ingot_function_result(uint32_t function, uint32_t domain) {
  if (domain != INGOT_F32 && domain != INGOT_I64) return 0;
  if (!(domain == INGOT_F32 ? has_float_form(function) : has_integer_form(function))) return 0;
  switch (function) {
    case INGOT_FN_TO_F32: return INGOT_F32;
    case INGOT_FN_TO_I8:
    case INGOT_FN_TO_U8:
    case INGOT_FN_TO_I16:
    case INGOT_FN_TO_I32:
    case INGOT_FN_TO_I64: return INGOT_I64;
    default: return domain;
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
