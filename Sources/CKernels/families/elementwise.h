/* The elementwise program, a tile of the result at a time. Registers are runs of fp32 or int64 in scratch, each in a slot of
 * the same bytes; an input that lies as the result does, in elements of its register, is used in place. */

#define ELEMENTWISE_SLOT_BYTES 2048
#define ELEMENTWISE_TILES_PER_ITEM 16

static int64_t elementwise_count(const kernel_elementwise *p) { return extents_product(p->dims, p->rank); }

/* Elements of a tile: as many as a slot has of the widest register. */
static int64_t elementwise_tile(const kernel_elementwise *p) {
  int integers = 0;
  for (uint32_t s = 0; s < p->steps; s++) integers |= p->step[s].domain == INGOT_I64 || p->step[s].result == INGOT_I64;
  return ELEMENTWISE_SLOT_BYTES / (int64_t)(integers ? sizeof(int64_t) : sizeof(float));
}

static kernel_work elementwise_work(const void *arguments) {
  const kernel_elementwise *p = arguments;
  const size_t bytes = (size_t)(p->inputs + p->steps) * ELEMENTWISE_SLOT_BYTES;
  return (kernel_work){kernel_ceil_divide(elementwise_count(p), elementwise_tile(p) * ELEMENTWISE_TILES_PER_ITEM), bytes};
}

static int64_t float_to_integer(float x, int64_t least, int64_t most) {
  if (x != x) return 0;
  if (x <= (float)least) return least;
  if (x >= (float)most) return most;
  return (int64_t)x;
}

static void load_floats(const void *x, uint32_t element, int64_t index, int64_t n, float *y) {
#define LOAD_CASE(code, type, expression)                                            \
  case code:                                                                         \
    for (int64_t i = 0; i < n; i++) {                                                \
      const type value = ((const type *)x)[index + i];                               \
      y[i] = expression;                                                             \
    }                                                                                \
    break;
  switch (element) {
    LOAD_CASE(INGOT_I8, int8_t, (float)value)
    LOAD_CASE(INGOT_U8, uint8_t, (float)value)
    LOAD_CASE(INGOT_I16, int16_t, (float)value)
    LOAD_CASE(INGOT_I32, int32_t, (float)value)
    LOAD_CASE(INGOT_I64, int64_t, (float)value)
    LOAD_CASE(INGOT_BOOL, uint8_t, value != 0 ? 1.0f : 0.0f)
    default: widen(kernel_at(x, element, index), element, n, y);
  }
}
static void load_integers(const void *x, uint32_t element, int64_t index, int64_t n, int64_t *y) {
  switch (element) {
    LOAD_CASE(INGOT_I8, int8_t, value)
    LOAD_CASE(INGOT_U8, uint8_t, value)
    LOAD_CASE(INGOT_I16, int16_t, value)
    LOAD_CASE(INGOT_I32, int32_t, value)
    LOAD_CASE(INGOT_I64, int64_t, value)
    LOAD_CASE(INGOT_BOOL, uint8_t, value != 0)
    default:
      for (int64_t i = 0; i < n; i++) y[i] = float_to_integer(one_float(x, element, index + i), INT64_MIN, INT64_MAX);
  }
}
#undef LOAD_CASE

#define STORE_CASE(code, type, expression)                                                  \
  case code:                                                                                \
    for (int64_t i = 0; i < n; i++) ((type *)y)[index + i] = (type)(expression);            \
    break;
static void store_floats(const float *x, int64_t n, void *y, uint32_t element, int64_t index) {
  switch (element) {
    STORE_CASE(INGOT_I8, int8_t, float_to_integer(x[i], INT8_MIN, INT8_MAX))
    STORE_CASE(INGOT_U8, uint8_t, float_to_integer(x[i], 0, UINT8_MAX))
    STORE_CASE(INGOT_I16, int16_t, float_to_integer(x[i], INT16_MIN, INT16_MAX))
    STORE_CASE(INGOT_I32, int32_t, float_to_integer(x[i], INT32_MIN, INT32_MAX))
    STORE_CASE(INGOT_I64, int64_t, float_to_integer(x[i], INT64_MIN, INT64_MAX))
    STORE_CASE(INGOT_BOOL, uint8_t, x[i] != 0)
    default: narrow(x, n, kernel_at_mutable(y, element, index), element);
  }
}
static void store_integers(const int64_t *x, int64_t n, void *y, uint32_t element, int64_t index) {
  switch (element) {
    STORE_CASE(INGOT_I8, int8_t, (uint64_t)x[i])
    STORE_CASE(INGOT_U8, uint8_t, (uint64_t)x[i])
    STORE_CASE(INGOT_I16, int16_t, (uint64_t)x[i])
    STORE_CASE(INGOT_I32, int32_t, (uint64_t)x[i])
    STORE_CASE(INGOT_I64, int64_t, x[i])
    STORE_CASE(INGOT_BOOL, uint8_t, x[i] != 0)
    STORE_CASE(INGOT_F32, float, x[i])
    default:
      for (int64_t i = 0; i < n; i++) {
        const float value = (float)x[i];
        narrow(&value, 1, kernel_at_mutable(y, element, index + i), element);
      }
  }
}
#undef STORE_CASE

/* Whether input i, or y behind them, lies dense in y's order. */
static int elementwise_is_dense(const kernel_elementwise *p, uint32_t input) {
  int64_t stride = 1;
  for (uint32_t i = p->rank; i-- > 0; stride *= p->dims[i])
    if (p->strides[input][i] != stride) return 0;
  return 1;
}

/* Elements [first, first + n) of y's order of one input, into its register. */
static void elementwise_load(const kernel_elementwise *p, uint32_t input, int64_t first, int64_t n, void *target) {
  const int64_t *strides = p->strides[input];
  const uint32_t element = p->x_element[input];
  const uint32_t last = p->rank == 0 ? 0 : p->rank - 1;
  float *real = target;
  int64_t *integer = target;
  int64_t index[INGOT_MAX_RANK] = {0}, rest = first;
  for (uint32_t i = p->rank; i-- > 0; rest /= p->dims[i]) index[i] = rest % p->dims[i];
  for (int64_t j = 0; j < n;) {
    int64_t offset = 0;
    for (uint32_t i = 0; i < p->rank; i++) offset += index[i] * strides[i];
    const int64_t run = p->rank == 0 ? 1 : kernel_least(p->dims[last] - index[last], n - j);
    const int64_t loaded = p->rank == 0 || strides[last] == 0 ? 1 : run;
    if (p->x_domain[input] == INGOT_I64) {
      load_integers(p->x[input], element, offset, loaded, integer + j);
      for (int64_t k = loaded; k < run; k++) integer[j + k] = integer[j];
    } else {
      load_floats(p->x[input], element, offset, loaded, real + j);
      for (int64_t k = loaded; k < run; k++) real[j + k] = real[j];
    }
    j += run;
    if (j == n) break;
    index[last] = 0;
    for (uint32_t i = last; i-- > 0;) {
      if (++index[i] < p->dims[i]) break;
      index[i] = 0;
    }
  }
}

#define FLOAT_BINARY_VECTORS(X)                  \
  X(ADD, a + b)                                  \
  X(SUB, a - b)                                  \
  X(MUL, a *b)                                   \
  X(DIV, a / b)                                  \
  X(MAX, v_max_nan(a, b))                        \
  X(MIN, v_min_nan(a, b))                        \
  X(PRELU, v_select(a < 0.0f, a *b, a))          \
  X(EQUAL, v_from_mask(a == b))                  \
  X(NOT_EQUAL, v_from_mask(a != b))              \
  X(LESS, v_from_mask(a < b))                    \
  X(LESS_EQUAL, v_from_mask(a <= b))             \
  X(GREATER, v_from_mask(a > b))                 \
  X(GREATER_EQUAL, v_from_mask(a >= b))          \
  X(AND, v_from_mask((a != 0.0f) & (b != 0.0f))) \
  X(OR, v_from_mask((a != 0.0f) | (b != 0.0f)))  \
  X(XOR, v_from_mask((a != 0.0f) ^ (b != 0.0f)))

KERNEL_INLINE float float_power(float a, float b) { return b == 2.0f ? a * a : powf(a, b); }
KERNEL_INLINE float float_modulo(float a, float b) {
  const float rest = fmodf(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static void float_step(const kernel_step *step, const void *const *registers, float *y, int64_t n) {
  const float *left = registers[step->a], *right = registers[step->b], *third = registers[step->c];
  switch (step->function) {
#define BINARY_CASE(name, expression)                               \
  case INGOT_FN_##name:                                                        \
    for (int64_t i = 0; i < n; i += LANES) {                          \
      const vf a = v_load(left + i), b = v_load(right + i);           \
      v_store(y + i, expression);                                     \
    }                                                                 \
    break;
    FLOAT_BINARY_VECTORS(BINARY_CASE)
#undef BINARY_CASE
    case INGOT_FN_POW:
      for (int64_t i = 0; i < n; i++) y[i] = float_power(left[i], right[i]);
      break;
    case INGOT_FN_MOD:
      for (int64_t i = 0; i < n; i++) y[i] = float_modulo(left[i], right[i]);
      break;
    case INGOT_FN_FMOD:
      for (int64_t i = 0; i < n; i++) y[i] = fmodf(left[i], right[i]);
      break;
    case INGOT_FN_ATAN2:
      for (int64_t i = 0; i < n; i++) y[i] = atan2f(left[i], right[i]);
      break;
    case INGOT_FN_SELECT:
      for (int64_t i = 0; i < n; i += LANES)
        v_store(y + i, v_select(v_load(left + i) != 0.0f, v_load(right + i), v_load(third + i)));
      break;
    case INGOT_FN_TO_BOOL:
      for (int64_t i = 0; i < n; i += LANES) v_store(y + i, v_from_mask(v_load(left + i) != 0.0f));
      break;
    default: apply_unary(step->function, (float)step->p0, (float)step->p1, left, y, n);
  }
}

static uint64_t integer_power(uint64_t base, int64_t exponent) {
  if (exponent < 0) {
    if (base == 1) return 1;
    return base == UINT64_MAX ? (exponent % 2 == 0 ? 1 : UINT64_MAX) : 0;
  }
  uint64_t power = 1;
  for (; exponent > 0; exponent /= 2, base *= base)
    if (exponent % 2 != 0) power *= base;
  return power;
}

/* Arithmetic is on the unsigned values, so that it wraps. */
#define INTEGER_UNARY(X)                                                                       \
  X(IDENTITY, a)                                                                               \
  X(NEG, -ua)                                                                                  \
  X(ABS, a < 0 ? -ua : ua)                                                                     \
  X(SIGN, (a > 0) - (a < 0))                                                                   \
  X(NOT, a == 0)                                                                               \
  X(BIT_NOT, ~ua)                                                                              \
  X(RELU, a > 0 ? a : 0)                                                                       \
  X(CLIP, kernel_least(kernel_most(a, p0), p1))                                                \
  X(SHRINK, a < (int64_t)(-(uint64_t)p0) ? ua + (uint64_t)p1 : a > p0 ? ua - (uint64_t)p1 : 0) \
  X(AFFINE, (uint64_t)p0 * ua + (uint64_t)p1)                                                  \
  X(TO_I8, (int8_t)ua)                                                                         \
  X(TO_U8, (uint8_t)ua)                                                                        \
  X(TO_I16, (int16_t)ua)                                                                       \
  X(TO_I32, (int32_t)ua)                                                                       \
  X(TO_BOOL, a != 0)

#define INTEGER_BINARY(X)                                                                  \
  X(ADD, ua + ub)                                                                          \
  X(SUB, ua - ub)                                                                          \
  X(MUL, ua *ub)                                                                           \
  X(DIV, b == 0 ? 0 : b == -1 ? -ua : (uint64_t)(a / b))                                   \
  X(POW, integer_power(ua, b))                                                             \
  X(MAX, kernel_most(a, b))                                                                \
  X(MIN, kernel_least(a, b))                                                               \
  X(MOD, b == 0 || b == -1 ? 0 : a % b != 0 && (a % b < 0) != (b < 0) ? a % b + b : a % b) \
  X(FMOD, b == 0 || b == -1 ? 0 : a % b)                                                   \
  X(EQUAL, a == b)                                                                         \
  X(NOT_EQUAL, a != b)                                                                     \
  X(LESS, a < b)                                                                           \
  X(LESS_EQUAL, a <= b)                                                                    \
  X(GREATER, a > b)                                                                        \
  X(GREATER_EQUAL, a >= b)                                                                 \
  X(AND, a != 0 && b != 0)                                                                 \
  X(OR, a != 0 || b != 0)                                                                  \
  X(XOR, (a != 0) != (b != 0))                                                             \
  X(BIT_AND, ua &ub)                                                                       \
  X(BIT_OR, ua | ub)                                                                       \
  X(BIT_XOR, ua ^ ub)                                                                      \
  X(SHIFT_LEFT, b < 0 || b >= 64 ? 0 : ua << b)                                            \
  X(SHIFT_RIGHT, b < 0 || b >= 64 ? 0 : ua >> b)

static void integer_step(const kernel_step *step, const void *const *registers, int64_t *y, int64_t n) {
  const int64_t p0 = step->i0, p1 = step->i1;
  const int64_t *left = registers[step->a], *right = registers[step->b], *third = registers[step->c];
  switch (step->function) {
#define UNARY_CASE(name, expression)                 \
  case INGOT_FN_##name:                                         \
    for (int64_t i = 0; i < n; i++) {                  \
      const int64_t a = left[i];                       \
      const uint64_t ua = (uint64_t)a;                 \
      (void)a, (void)ua;                               \
      y[i] = (int64_t)(expression);                    \
    }                                                  \
    break;
    INTEGER_UNARY(UNARY_CASE)
#undef UNARY_CASE
#define BINARY_CASE(name, expression)                        \
  case INGOT_FN_##name:                                                 \
    for (int64_t i = 0; i < n; i++) {                          \
      const int64_t a = left[i], b = right[i];                 \
      const uint64_t ua = (uint64_t)a, ub = (uint64_t)b;       \
      (void)a, (void)b, (void)ua, (void)ub;                    \
      y[i] = (int64_t)(expression);                            \
    }                                                          \
    break;
    INTEGER_BINARY(BINARY_CASE)
#undef BINARY_CASE
    case INGOT_FN_SELECT:
      for (int64_t i = 0; i < n; i++) y[i] = left[i] != 0 ? right[i] : third[i];
      break;
    default: break;
  }
}

/* A step that reads one domain and defines a register of the other. */
static void conversion_step(const kernel_step *step, const void *source, void *target, int64_t n) {
  const float *x = source;
  int64_t *y = target;
  switch (step->function) {
    case INGOT_FN_TO_F32: load_floats(source, INGOT_I64, 0, n, target); break;
#define CONVERSION_CASE(name, least, most)                                            \
  case INGOT_FN_##name:                                                                          \
    for (int64_t i = 0; i < n; i++) y[i] = float_to_integer(x[i], least, most);         \
    break;
    CONVERSION_CASE(TO_I8, INT8_MIN, INT8_MAX)
    CONVERSION_CASE(TO_U8, 0, UINT8_MAX)
    CONVERSION_CASE(TO_I16, INT16_MIN, INT16_MAX)
    CONVERSION_CASE(TO_I32, INT32_MIN, INT32_MAX)
    CONVERSION_CASE(TO_I64, INT64_MIN, INT64_MAX)
#undef CONVERSION_CASE
    default: break;
  }
}

/* Whole vectors of fp32 registers are computed, `padded` elements; what lies beyond n is any number. */
static void elementwise_step(const kernel_step *step, const void *const *registers, void *y, int64_t n, int64_t padded) {
  if (step->domain != step->result) conversion_step(step, registers[step->a], y, n);
  else if (step->domain == INGOT_F32) float_step(step, registers, y, padded);
  else integer_step(step, registers, y, n);
}

/* Fills up an fp32 register's last vector. */
static void elementwise_fill(float *y, int64_t n, int64_t padded) {
  for (int64_t i = n; i < padded; i++) y[i] = 1;
}

/* Elements [first, first + n) of y, which lie one behind the other along its last axis, or all. */
static void elementwise_store(const kernel_elementwise *p, int dense, const void *x, uint32_t domain, int64_t first, int64_t n) {
  if (dense) {
    if (domain == INGOT_F32) store_floats(x, n, p->y, p->y_element, first);
    else store_integers(x, n, p->y, p->y_element, first);
    return;
  }
  const uint32_t last = p->rank - 1;
  const int64_t length = p->dims[last];
  for (int64_t i = 0, run; i < n; i += run) {
    const int64_t row = (first + i) / length, column = (first + i) % length;
    run = kernel_least(length - column, n - i);
    const int64_t at = offset_of(row, p->dims, p->strides[p->inputs], last) + column;
    if (domain == INGOT_F32) store_floats((const float *)x + i, run, p->y, p->y_element, at);
    else store_integers((const int64_t *)x + i, run, p->y, p->y_element, at);
  }
}

/* `dense`: of inputs, whether they are read where they lie; of y. */
static void elementwise_run_tile(const kernel_elementwise *p, const int *dense, int64_t first, int64_t n, char *scratch) {
  const void *registers[INGOT_MAX_ELEMENTWISE_INPUTS + INGOT_MAX_ELEMENTWISE_STEPS];
  const int64_t padded = kernel_ceil_divide(n, LANES) * LANES;
  for (uint32_t i = 0; i < p->inputs; i++) {
    const uint32_t domain = p->x_domain[i];
    void *space = scratch + i * ELEMENTWISE_SLOT_BYTES;
    registers[i] = space;
    if (domain == 0) continue;
    if (dense[i] && (domain == INGOT_I64 || n == padded)) {
      registers[i] = kernel_at(p->x[i], domain, first);
      continue;
    }
    elementwise_load(p, i, first, n, space);
    if (domain == INGOT_F32) elementwise_fill(space, n, padded);
  }
  for (uint32_t s = 0; s < p->steps; s++) {
    const kernel_step *step = &p->step[s];
    const int last = s + 1 == p->steps;
    const int direct = last && dense[p->inputs] && p->y_element == step->result && (step->result == INGOT_I64 || n == padded);
    void *y = direct ? kernel_at_mutable(p->y, p->y_element, first) : scratch + (p->inputs + s) * ELEMENTWISE_SLOT_BYTES;
    elementwise_step(step, registers, y, n, padded);
    if (step->domain != step->result && step->result == INGOT_F32) elementwise_fill(y, n, padded);
    registers[p->inputs + s] = y;
    if (last && !direct) elementwise_store(p, dense[p->inputs], y, step->result, first, n);
  }
}

static void elementwise_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_elementwise *p = arguments;
  const int64_t tile = elementwise_tile(p), count = elementwise_count(p);
  int dense[INGOT_MAX_ELEMENTWISE_INPUTS + 1];
  for (uint32_t i = 0; i < p->inputs; i++) dense[i] = p->x_element[i] == p->x_domain[i] && elementwise_is_dense(p, i);
  dense[p->inputs] = elementwise_is_dense(p, p->inputs);
  const int64_t limit = kernel_least(end * tile * ELEMENTWISE_TILES_PER_ITEM, count);
  for (int64_t first = begin * tile * ELEMENTWISE_TILES_PER_ITEM; first < limit; first += tile)
    elementwise_run_tile(p, dense, first, kernel_least(tile, limit - first), scratch);
}
