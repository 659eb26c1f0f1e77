#define _POSIX_C_SOURCE 200809L
#include "opcase.h"

#include "ingot.h"
#include "kernels.h"

uint32_t ingot_cpu_features(void);

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const uint64_t case_isas[] = {INGOT_ISA_PORTABLE, INGOT_ISA_AVX2,        INGOT_ISA_AVX_VNNI, INGOT_ISA_AVX512,
                              INGOT_ISA_AVX512_VNNI, INGOT_ISA_NEON, INGOT_ISA_DOTPROD, INGOT_ISA_I8MM};
const uint32_t case_isa_count = sizeof case_isas / sizeof *case_isas;

bool isa_is_there(uint64_t isa) {
#if defined(__x86_64__)
  if (isa == INGOT_ISA_AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == INGOT_ISA_AVX512) return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
  if (isa == INGOT_ISA_AVX512_VNNI) return isa_is_there(INGOT_ISA_AVX512) && __builtin_cpu_supports("avx512vnni");
#elif defined(__aarch64__)
  if (isa == INGOT_ISA_NEON) return true;
#endif
  return (ingot_cpu_features() & isa) != 0;
}

builder_type type_of(uint8_t element, int rank, ...) {
  builder_type type = {.element = element, .rank = (uint8_t)rank};
  va_list dims;
  va_start(dims, rank);
  for (int i = 0; i < rank; i++) type.dims[i] = va_arg(dims, int);
  va_end(dims);
  return type;
}

array array_create(builder_type type) {
  return (array){type, calloc((size_t)type_count(type) + 1, sizeof(double))};
}

array array_random(builder_type type, uint64_t *seed, double low, double high) {
  array a = array_create(type);
  for (int64_t i = 0; i < type_count(type); i++) a.values[i] = random_between(seed, low, high);
  /* What the element can hold is what the reference must see. */
  void *bytes = calloc(1, type_bytes(type) + 1);
  array_encode(&a, bytes);
  array_decode(&a, bytes);
  free(bytes);
  return a;
}

void array_destroy(array *a) {
  free(a->values);
  a->values = NULL;
}

void array_encode(const array *a, void *bytes) {
  for (int64_t i = 0; i < type_count(a->type); i++) {
    const double v = a->values[i];
    switch (a->type.element) {
      case INGOT_F32: ((float *)bytes)[i] = (float)v; break;
      case INGOT_F16: ((uint16_t *)bytes)[i] = kernel_float_to_half((float)v); break;
      case INGOT_BF16: ((uint16_t *)bytes)[i] = kernel_float_to_bfloat((float)v); break;
      case INGOT_I8: ((int8_t *)bytes)[i] = (int8_t)v; break;
      case INGOT_U8: ((uint8_t *)bytes)[i] = (uint8_t)v; break;
      case INGOT_I16: ((int16_t *)bytes)[i] = (int16_t)v; break;
      case INGOT_I32: ((int32_t *)bytes)[i] = (int32_t)v; break;
      case INGOT_I64: ((int64_t *)bytes)[i] = (int64_t)v; break;
      default: ((uint8_t *)bytes)[i] = v != 0; break;
    }
  }
}

void array_decode(array *a, const void *bytes) {
  for (int64_t i = 0; i < type_count(a->type); i++) {
    switch (a->type.element) {
      case INGOT_F32: a->values[i] = ((const float *)bytes)[i]; break;
      case INGOT_F16: a->values[i] = kernel_half_to_float(((const uint16_t *)bytes)[i]); break;
      case INGOT_BF16: a->values[i] = kernel_bfloat_to_float(((const uint16_t *)bytes)[i]); break;
      case INGOT_I8: a->values[i] = ((const int8_t *)bytes)[i]; break;
      case INGOT_U8: a->values[i] = ((const uint8_t *)bytes)[i]; break;
      case INGOT_I16: a->values[i] = ((const int16_t *)bytes)[i]; break;
      case INGOT_I32: a->values[i] = ((const int32_t *)bytes)[i]; break;
      case INGOT_I64: a->values[i] = (double)((const int64_t *)bytes)[i]; break;
      default: a->values[i] = ((const uint8_t *)bytes)[i]; break;
    }
  }
}

void opcase_attributes(opcase *c, const void *structs, size_t bytes) {
  memcpy(c->attributes + c->attribute_count, structs, bytes);
  c->attribute_count += (uint32_t)(bytes / sizeof *c->attributes);
}

static uint8_t *case_bundle(const opcase *c, bool shifted, uint64_t *bytes) {
  builder *b = builder_create();
  const uint64_t shift = shifted ? ingot_element_bytes(c->expected.type.element) : 0;
  const uint32_t output = add_output(b, c->expected.type, "y");
  const uint32_t result = shifted ? add_intermediate(b, c->expected.type, shift) : output;
  uint32_t inputs[CASE_MAX_INPUTS];
  for (uint32_t i = 0; i < c->input_count; i++) {
    const array *x = &c->inputs[i];
    inputs[i] = INGOT_NONE;
    if (x->values == NULL) continue;
    void *data = calloc(1, type_bytes(x->type) + 1);
    array_encode(x, data);
    inputs[i] = add_weight(b, x->type, data, shifted ? ingot_element_bytes(x->type.element) : 0, i % 2 == 1);
    free(data);
  }
  uint32_t results[3] = {result};
  for (uint32_t i = 0; i < c->other_count; i++) results[1 + i] = add_intermediate(b, c->others[i], 0);
  add_instruction(b, c->opcode, results, 1 + c->other_count, inputs, c->input_count);
  add_attributes(b, c->attributes, c->attribute_count * sizeof *c->attributes);
  if (shifted) add_instruction(b, INGOT_OP_COPY, &output, 1, &result, 1);
  uint8_t *file = build(b, bytes);
  builder_destroy(b);
  return file;
}

static void compare(const opcase *c, const void *bytes, const char *how) {
  array found = array_create(c->expected.type);
  array_decode(&found, bytes);
  double scale = 0;
  const int64_t count = type_count(found.type);
  for (int64_t i = 0; i < count; i++) {
    if (isfinite(c->expected.values[i])) scale = fmax(scale, fabs(c->expected.values[i]));
  }
  const double storage = found.type.element == INGOT_F16 ? 0x1p-10 : found.type.element == INGOT_BF16 ? 0x1p-7 : 0;
  int64_t i = 0;
  double expected = 0, value = 0, limit = 0;
  for (; i < count; i++) {
    expected = c->expected.values[i], value = found.values[i];
    limit = c->tolerance * fmax(scale, 1e-30) + storage * fabs(expected) + (storage != 0 ? 1e-7 : 0);
    const bool same = expected == value || (isnan(expected) && isnan(value)) || fabs(expected - value) <= limit;
    if (!same) break;
  }
  check(i == count, "%s (%s): element %lld is %.9g, expected %.9g (limit %g)", c->name, how, (long long)i, value, expected, limit);
  array_destroy(&found);
}

/* Memory of exactly the length asked for, so that the address sanitizer sees the first byte beyond. */
static void *exact_allocate(void *context, size_t bytes) {
  (void)context;
  void *memory;
  return posix_memalign(&memory, 64, bytes) == 0 ? memory : NULL;
}
static void exact_release(void *context, void *memory, size_t bytes) {
  (void)context;
  (void)bytes;
  free(memory);
}
static const ingot_allocator exact = {NULL, exact_allocate, exact_release};

void opcase_run(opcase *c) {
  for (int shifted = 0; shifted < 2; shifted++) {
    uint64_t bytes;
    uint8_t *file = case_bundle(c, shifted != 0, &bytes);
    char message[512];
    ingot_bundle *bundle;
    const ingot_status status = ingot_open_memory(file, bytes, &exact, &bundle, message, sizeof message);
    if (check(status == INGOT_OK, "%s: %s", c->name, message)) {
      for (uint32_t i = 0; i < case_isa_count; i++) {
        if (!isa_is_there(case_isas[i])) continue;
        void *first = NULL;
        const size_t size = type_bytes(c->expected.type);
        /* Emulators keep memory for every thread that there was: gigabytes in the end. */
        const uint32_t most = shifted ? 2 : 3;
        for (uint32_t threads = 1; threads <= most; threads++) {
          const ingot_session_options options = {.threads = threads, .isa = case_isas[i]};
          ingot_session *session;
          check(ingot_session_create(bundle, &options, NULL, &session, message, sizeof message) == INGOT_OK, "%s: %s", c->name,
                message);
          void *y = exact_allocate(NULL, size + (size == 0));
          ingot_bind_output(session, 0, y, size);
          check(ingot_run(session) == INGOT_OK, "%s: %s", c->name, ingot_session_message(session));
          if (first == NULL) {
            char how[64];
            snprintf(how, sizeof how, "%s%s", kernel_select((uint32_t)case_isas[i])->name, shifted ? ", unaligned" : "");
            compare(c, y, how);
            first = malloc(size + 1);
            memcpy(first, y, size);
          } else {
            check(memcmp(first, y, size) == 0, "%s: %u threads give other bits than one", c->name, threads);
          }
          ingot_session_destroy(session);
          free(y);
        }
        free(first);
      }
      ingot_close(bundle);
    }
    free(file);
  }
  for (uint32_t i = 0; i < c->input_count; i++) array_destroy(&c->inputs[i]);
  array_destroy(&c->expected);
}
