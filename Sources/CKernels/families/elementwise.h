/* The elementwise program, a tile of the result at a time. Registers are runs of fp32 or int64 in scratch; an f32
 * input that lies as the result does is used in place. */

#define ELEMENTWISE_TILE 512
#define ELEMENTWISE_INTEGER_TILE 256
#define ELEMENTWISE_TILES_PER_ITEM 16

static int64_t elementwise_count(const kernel_elementwise *p) { return extents_product(p->dims, p->rank); }

KERNEL_INLINE int64_t elementwise_tile(const kernel_elementwise *p) {
  return p->integer ? ELEMENTWISE_INTEGER_TILE : ELEMENTWISE_TILE;
}

static kernel_work elementwise_work(const void *arguments) {
  const kernel_elementwise *p = arguments;
  const size_t bytes = (size_t)(p->inputs + p->steps) * ELEMENTWISE_TILE * sizeof(float);
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
    LOAD_CASE(KERNEL_I8, int8_t, (float)value)
    LOAD_CASE(KERNEL_U8, uint8_t, (float)value)
    LOAD_CASE(KERNEL_I16, int16_t, (float)value)
    LOAD_CASE(KERNEL_I32, int32_t, (float)value)
    LOAD_CASE(KERNEL_I64, int64_t, (float)value)
    LOAD_CASE(KERNEL_BOOL, uint8_t, value != 0 ? 1.0f : 0.0f)
    default: widen(kernel_at(x, element, index), element, n, y);
  }
}
static void load_integers(const void *x, uint32_t element, int64_t index, int64_t n, int64_t *y) {
  switch (element) {
    LOAD_CASE(KERNEL_I8, int8_t, value)
    LOAD_CASE(KERNEL_U8, uint8_t, value)
    LOAD_CASE(KERNEL_I16, int16_t, value)
    LOAD_CASE(KERNEL_I32, int32_t, value)
    LOAD_CASE(KERNEL_I64, int64_t, value)
    LOAD_CASE(KERNEL_BOOL, uint8_t, value != 0)
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
    STORE_CASE(KERNEL_I8, int8_t, float_to_integer(x[i], INT8_MIN, INT8_MAX))
    STORE_CASE(KERNEL_U8, uint8_t, float_to_integer(x[i], 0, UINT8_MAX))
    STORE_CASE(KERNEL_I16, int16_t, float_to_integer(x[i], INT16_MIN, INT16_MAX))
    STORE_CASE(KERNEL_I32, int32_t, float_to_integer(x[i], INT32_MIN, INT32_MAX))
    STORE_CASE(KERNEL_I64, int64_t, float_to_integer(x[i], INT64_MIN, INT64_MAX))
    STORE_CASE(KERNEL_BOOL, uint8_t, x[i] != 0)
    default: narrow(x, n, kernel_at_mutable(y, element, index), element);
  }
}
static void store_integers(const int64_t *x, int64_t n, void *y, uint32_t element, int64_t index) {
  switch (element) {
    STORE_CASE(KERNEL_I8, int8_t, (uint64_t)x[i])
    STORE_CASE(KERNEL_U8, uint8_t, (uint64_t)x[i])
    STORE_CASE(KERNEL_I16, int16_t, (uint64_t)x[i])
    STORE_CASE(KERNEL_I32, int32_t, (uint64_t)x[i])
    STORE_CASE(KERNEL_I64, int64_t, x[i])
    STORE_CASE(KERNEL_BOOL, uint8_t, x[i] != 0)
    default:
      for (int64_t i = 0; i < n; i++) {
        const float value = (float)x[i];
        narrow(&value, 1, kernel_at_mutable(y, element, index + i), element);
      }
  }
}
#undef STORE_CASE

/* Whether input i lies as y does, element by element. */
static int elementwise_is_dense(const kernel_elementwise *p, uint32_t input) {
  int64_t stride = 1;
  for (uint32_t i = p->rank; i-- > 0; stride *= p->dims[i])
    if (p->strides[input][i] != stride) return 0;
  return 1;
}

/* Elements [first, first + n) of y's order of one input, into a register. */
static void elementwise_load(const kernel_elementwise *p, uint32_t input, int64_t first, int64_t n, void *target) {
  const int64_t *strides = p->strides[input];
  const uint32_t element = p->x_element[input];
  const uint32_t last = p->rank == 0 ? 0 : p->rank - 1;
  float *real = target;
  int64_t *integer = target;
  int64_t index[KERNEL_MAX_RANK] = {0}, rest = first;
  for (uint32_t i = p->rank; i-- > 0; rest /= p->dims[i]) index[i] = rest % p->dims[i];
  for (int64_t j = 0; j < n;) {
    int64_t offset = 0;
    for (uint32_t i = 0; i < p->rank; i++) offset += index[i] * strides[i];
    const int64_t run = p->rank == 0 ? 1 : kernel_least(p->dims[last] - index[last], n - j);
    const int64_t loaded = p->rank == 0 || strides[last] == 0 ? 1 : run;
    if (p->integer) {
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

#define FLOAT_BINARY_VECTORS(X)            \
  X(64, a + b)                             \
  X(65, a - b)                             \
  X(66, a *b)                              \
  X(67, a / b)                             \
  X(69, v_max_nan(a, b))                   \
  X(70, v_min_nan(a, b))                   \
  X(73, v_select(a < 0.0f, a *b, a))       \
  X(74, v_from_mask(a == b))               \
  X(75, v_from_mask(a != b))               \
  X(76, v_from_mask(a < b))                \
  X(77, v_from_mask(a <= b))               \
  X(78, v_from_mask(a > b))                \
  X(79, v_from_mask(a >= b))               \
  X(80, v_from_mask((a != 0.0f) & (b != 0.0f))) \
  X(81, v_from_mask((a != 0.0f) | (b != 0.0f))) \
  X(82, v_from_mask((a != 0.0f) ^ (b != 0.0f)))

KERNEL_INLINE float float_power(float a, float b) { return b == 2.0f ? a * a : powf(a, b); }
KERNEL_INLINE float float_modulo(float a, float b) {
  const float rest = fmodf(a, b);
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

static void float_step(const kernel_step *step, const float *const *registers, float *y, int64_t n) {
  const float *left = registers[step->a], *right = registers[step->b], *third = registers[step->c];
  switch (step->function) {
#define BINARY_CASE(number, expression)                               \
  case number:                                                        \
    for (int64_t i = 0; i < n; i += LANES) {                          \
      const vf a = v_load(left + i), b = v_load(right + i);           \
      v_store(y + i, expression);                                     \
    }                                                                 \
    break;
    FLOAT_BINARY_VECTORS(BINARY_CASE)
#undef BINARY_CASE
    case 68:
      for (int64_t i = 0; i < n; i++) y[i] = float_power(left[i], right[i]);
      break;
    case 71:
      for (int64_t i = 0; i < n; i++) y[i] = float_modulo(left[i], right[i]);
      break;
    case 72:
      for (int64_t i = 0; i < n; i++) y[i] = fmodf(left[i], right[i]);
      break;
    case 88:
      for (int64_t i = 0; i < n; i++) y[i] = atan2f(left[i], right[i]);
      break;
    case 128:
      for (int64_t i = 0; i < n; i += LANES)
        v_store(y + i, v_select(v_load(left + i) != 0.0f, v_load(right + i), v_load(third + i)));
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
static void integer_step(const kernel_step *step, int64_t *const *registers, int64_t *y, int64_t n) {
  const int64_t p0 = step->i0, p1 = step->i1;
#define INTEGER_CASE(number, expression)                                                                          \
  case number:                                                                                                    \
    for (int64_t i = 0; i < n; i++) {                                                                             \
      const int64_t a = registers[step->a][i], b = registers[step->b][i], c = registers[step->c][i];              \
      const uint64_t ua = (uint64_t)a, ub = (uint64_t)b;                                                          \
      (void)a, (void)b, (void)c, (void)ua, (void)ub;                                                              \
      y[i] = (int64_t)(expression);                                                                               \
    }                                                                                                             \
    break;
  switch (step->function) {
    INTEGER_CASE(2, -ua)
    INTEGER_CASE(3, a < 0 ? -ua : ua)
    INTEGER_CASE(4, (a > 0) - (a < 0))
    INTEGER_CASE(5, a == 0)
    INTEGER_CASE(6, ~ua)
    INTEGER_CASE(7, a > 0 ? a : 0)
    INTEGER_CASE(8, kernel_least(kernel_most(a, p0), p1))
    INTEGER_CASE(45, a < (int64_t)(-(uint64_t)p0) ? ua + (uint64_t)p1 : a > p0 ? ua - (uint64_t)p1 : 0)
    INTEGER_CASE(48, (uint64_t)p0 * ua + (uint64_t)p1)
    INTEGER_CASE(64, ua + ub)
    INTEGER_CASE(65, ua - ub)
    INTEGER_CASE(66, ua *ub)
    INTEGER_CASE(67, b == 0 ? 0 : b == -1 ? -ua : (uint64_t)(a / b))
    INTEGER_CASE(68, integer_power(ua, b))
    INTEGER_CASE(69, kernel_most(a, b))
    INTEGER_CASE(70, kernel_least(a, b))
    INTEGER_CASE(71, b == 0 || b == -1 ? 0 : a % b != 0 && (a % b < 0) != (b < 0) ? a % b + b : a % b)
    INTEGER_CASE(72, b == 0 || b == -1 ? 0 : a % b)
    INTEGER_CASE(74, a == b)
    INTEGER_CASE(75, a != b)
    INTEGER_CASE(76, a < b)
    INTEGER_CASE(77, a <= b)
    INTEGER_CASE(78, a > b)
    INTEGER_CASE(79, a >= b)
    INTEGER_CASE(80, a != 0 && b != 0)
    INTEGER_CASE(81, a != 0 || b != 0)
    INTEGER_CASE(82, (a != 0) != (b != 0))
    INTEGER_CASE(83, ua &ub)
    INTEGER_CASE(84, ua | ub)
    INTEGER_CASE(85, ua ^ ub)
    INTEGER_CASE(86, b < 0 || b >= 64 ? 0 : ua << b)
    INTEGER_CASE(87, b < 0 || b >= 64 ? 0 : ua >> b)
    INTEGER_CASE(128, a != 0 ? b : c)
    INTEGER_CASE(1, a)
    default: break;
  }
#undef INTEGER_CASE
}

static void elementwise_float_tile(const kernel_elementwise *p, const int *dense, int64_t first, int64_t n, float *scratch) {
  const float *registers[KERNEL_MAX_INPUTS + KERNEL_MAX_STEPS];
  const int64_t padded = kernel_ceil_divide(n, LANES) * LANES;
  for (uint32_t i = 0; i < p->inputs; i++) {
    if (dense[i] && n == padded) {
      registers[i] = (const float *)p->x[i] + first;
      continue;
    }
    float *space = scratch + i * ELEMENTWISE_TILE;
    elementwise_load(p, i, first, n, space);
    for (int64_t j = n; j < padded; j++) space[j] = 1;
    registers[i] = space;
  }
  for (uint32_t s = 0; s < p->steps; s++) {
    const int last = s + 1 == p->steps, direct = last && p->y_element == KERNEL_F32 && n == padded;
    float *y = direct ? (float *)p->y + first : scratch + (p->inputs + s) * ELEMENTWISE_TILE;
    float_step(&p->step[s], registers, y, padded);
    registers[p->inputs + s] = y;
    if (last && !direct) store_floats(y, n, p->y, p->y_element, first);
  }
}

static void elementwise_integer_tile(const kernel_elementwise *p, int64_t first, int64_t n, int64_t *scratch) {
  int64_t *registers[KERNEL_MAX_INPUTS + KERNEL_MAX_STEPS];
  for (uint32_t i = 0; i < p->inputs; i++) {
    registers[i] = scratch + i * ELEMENTWISE_INTEGER_TILE;
    elementwise_load(p, i, first, n, registers[i]);
  }
  for (uint32_t s = 0; s < p->steps; s++) {
    registers[p->inputs + s] = scratch + (p->inputs + s) * ELEMENTWISE_INTEGER_TILE;
    integer_step(&p->step[s], registers, registers[p->inputs + s], n);
  }
  store_integers(registers[p->inputs + p->steps - 1], n, p->y, p->y_element, first);
}

static void elementwise_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_elementwise *p = arguments;
  const int64_t tile = elementwise_tile(p), count = elementwise_count(p);
  int dense[KERNEL_MAX_INPUTS];
  for (uint32_t i = 0; i < p->inputs; i++) dense[i] = p->x_element[i] == KERNEL_F32 && elementwise_is_dense(p, i);
  const int64_t limit = kernel_least(end * tile * ELEMENTWISE_TILES_PER_ITEM, count);
  for (int64_t first = begin * tile * ELEMENTWISE_TILES_PER_ITEM; first < limit; first += tile) {
    const int64_t n = kernel_least(tile, limit - first);
    if (p->integer) elementwise_integer_tile(p, first, n, scratch);
    else elementwise_float_tile(p, dense, first, n, scratch);
  }
}
