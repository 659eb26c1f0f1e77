/* Elementwise functions of one operand over a run of floats, for the elementwise program and for fused activations.
 * FLOAT_UNARY(NAME, expression in x, p0, p1): rows on whole vectors. FLOAT_LANES: rows that call math.h. */

KERNEL_INLINE vf v_from_mask(vi mask) { return (vf)(mask & (vi)v_set(1.0f)); }

#define FLOAT_UNARY_VECTORS(X)                                                                               \
  X(NEG, (vf)((vi)x ^ INT32_MIN))                                                                            \
  X(ABS, v_abs(x))                                                                                           \
  X(SIGN, v_select(x > 0.0f, v_set(1.0f), v_select(x < 0.0f, v_set(-1.0f), x + 0.0f)))                       \
  X(NOT, v_from_mask(x == 0.0f))                                                                             \
  X(RELU, v_relu(x))                                                                                         \
  X(CLIP, v_min(p1, v_max(p0, x)))                                                                           \
  X(EXP, v_exp(x))                                                                                           \
  X(LOG, v_log(x))                                                                                           \
  X(SQRT, v_sqrt(x))                                                                                         \
  X(RSQRT, 1.0f / v_sqrt(x))                                                                                 \
  X(RECIPROCAL, 1.0f / x)                                                                                    \
  X(TANH, v_tanh(x))                                                                                         \
  X(ERF, v_erf(x))                                                                                           \
  X(SIGMOID, v_sigmoid(x))                                                                                   \
  X(SILU, x * v_sigmoid(p0 * x))                                                                             \
  X(GELU, v_gelu(x))                                                                                         \
  X(GELU_TANH, v_gelu_tanh(x))                                                                               \
  X(HARD_SIGMOID, v_min(v_set(1.0f), v_max(v_set(0.0f), p0 * x + p1)))                                       \
  X(HARD_SWISH, x * v_min(v_set(1.0f), v_max(v_set(0.0f), x / 6.0f + 0.5f)))                                 \
  X(LEAKY_RELU, v_select(x < 0.0f, p0 * x, x))                                                               \
  X(ELU, v_select(x < 0.0f, p0 * v_expm1(x), x))                                                             \
  X(SELU, p1 * v_select(x < 0.0f, p0 * v_expm1(x), x))                                                       \
  X(CELU, v_max(v_set(0.0f), x) + v_min(v_set(0.0f), p0 * v_expm1(x / p0)))                                  \
  X(SOFTPLUS, v_softplus(x))                                                                                 \
  X(SOFTSIGN, x / (1.0f + v_abs(x)))                                                                         \
  X(MISH, x * v_tanh(v_softplus(x)))                                                                         \
  X(THRESHOLDED_RELU, v_select(x > p0, x, v_select(x != x, x, v_set(0.0f))))                                 \
  X(SHRINK, v_select(x < -p0, x + p1, v_select(x > p0, x - p1, v_select(x != x, x, v_set(0.0f)))))           \
  X(IS_NAN, v_from_mask(x != x))                                                                             \
  X(IS_INF, v_from_mask(((x == v_set(-INFINITY)) & (p0 != 0.0f)) | ((x == v_set(INFINITY)) & (p1 != 0.0f)))) \
  X(AFFINE, p0 * x + p1)

#define FLOAT_UNARY_LANES(X) \
  X(FLOOR, floorf(x))        \
  X(CEIL, ceilf(x))          \
  X(ROUND, rintf(x))         \
  X(TRUNC, truncf(x))        \
  X(SIN, sinf(x))            \
  X(COS, cosf(x))            \
  X(TAN, tanf(x))            \
  X(ASIN, asinf(x))          \
  X(ACOS, acosf(x))          \
  X(ATAN, atanf(x))          \
  X(SINH, sinhf(x))          \
  X(COSH, coshf(x))          \
  X(ASINH, asinhf(x))        \
  X(ACOSH, acoshf(x))        \
  X(ATANH, atanhf(x))

/* y = function(x) for n floats; n is a multiple of LANES. x and y may be the same. */
KERNEL_STATIC void apply_unary(uint32_t function, float p0_value, float p1_value, const float *source, float *y,
                               int64_t n) {
  const vf p0 = v_set(p0_value), p1 = v_set(p1_value);
  (void)p0, (void)p1;
  switch (function) {
#define FLOAT_CASE(name, expression)         \
  case INGOT_FN_##name:                                 \
    for (int64_t i = 0; i < n; i += LANES) {   \
      const vf x = v_load(source + i);         \
      v_store(y + i, expression);              \
    }                                          \
    break;
    FLOAT_UNARY_VECTORS(FLOAT_CASE)
#undef FLOAT_CASE
#define FLOAT_CASE(name, expression)      \
  case INGOT_FN_##name:                              \
    for (int64_t i = 0; i < n; i++) {       \
      const float x = source[i];            \
      y[i] = expression;                    \
    }                                       \
    break;
    FLOAT_UNARY_LANES(FLOAT_CASE)
#undef FLOAT_CASE
    default:
      if (y != source) memcpy(y, source, (size_t)n * sizeof(float));
  }
}

/* Applies a fused activation to n floats in place; n is a multiple of LANES. */
KERNEL_INLINE void activate(const kernel_activation *activation, float *tile, int64_t n) {
  if (activation->function != INGOT_FN_NONE) apply_unary(activation->function, activation->p0, activation->p1, tile, tile, n);
}
