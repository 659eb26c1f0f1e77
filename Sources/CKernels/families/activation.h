/* Elementwise functions of one operand over a run of floats, for the elementwise program and for fused activations.
 * FLOAT_UNARY(number, expression in x, p0, p1): rows on whole vectors. FLOAT_LANES: rows that call math.h. */

KERNEL_INLINE vf v_from_mask(vi mask) { return (vf)(mask & (vi)v_set(1.0f)); }

#define FLOAT_UNARY_VECTORS(X)                                                                            \
  X(2, (vf)((vi)x ^ INT32_MIN))                                              /* neg */                    \
  X(3, v_abs(x))                                                             /* abs */                    \
  X(4, v_select(x > 0.0f, v_set(1.0f), v_select(x < 0.0f, v_set(-1.0f), x + 0.0f))) /* sign */                   \
  X(5, v_from_mask(x == 0.0f))                                               /* not */                    \
  X(7, v_relu(x))                                                            /* relu */                   \
  X(8, v_min(p1, v_max(p0, x)))                                              /* clip */                   \
  X(9, v_exp(x))                                                             /* exp */                    \
  X(10, v_log(x))                                                            /* log */                    \
  X(11, v_sqrt(x))                                                           /* sqrt */                   \
  X(12, 1.0f / v_sqrt(x))                                                    /* rsqrt */                  \
  X(13, 1.0f / x)                                                            /* reciprocal */             \
  X(26, v_tanh(x))                                                           /* tanh */                   \
  X(30, v_erf(x))                                                            /* erf */                    \
  X(31, v_sigmoid(x))                                                        /* sigmoid */                \
  X(32, x * v_sigmoid(p0 * x))                                               /* silu */                   \
  X(33, v_gelu(x))                                                           /* gelu */                   \
  X(34, v_gelu_tanh(x))                                                      /* gelu, by tanh */          \
  X(35, v_min(v_set(1.0f), v_max(v_set(0.0f), p0 * x + p1)))                 /* hard sigmoid */           \
  X(36, x * v_min(v_set(1.0f), v_max(v_set(0.0f), x / 6.0f + 0.5f)))         /* hard swish */             \
  X(37, v_select(x < 0.0f, p0 * x, x))                                       /* leaky relu */             \
  X(38, v_select(x < 0.0f, p0 * v_expm1(x), x))                              /* elu */                    \
  X(39, p1 * v_select(x < 0.0f, p0 * v_expm1(x), x))                         /* selu */                   \
  X(40, v_max(v_set(0.0f), x) + v_min(v_set(0.0f), p0 * v_expm1(x / p0)))    /* celu */                   \
  X(41, v_softplus(x))                                                       /* softplus */               \
  X(42, x / (1.0f + v_abs(x)))                                               /* softsign */               \
  X(43, x * v_tanh(v_softplus(x)))                                           /* mish */                   \
  X(44, v_select(x > p0, x, v_select(x != x, x, v_set(0.0f))))               /* thresholded relu */       \
  X(45, v_select(x < -p0, x + p1, v_select(x > p0, x - p1, v_select(x != x, x, v_set(0.0f))))) /* shrink */ \
  X(46, v_from_mask(x != x))                                                 /* is nan */                 \
  X(47, v_from_mask(((x == v_set(-INFINITY)) & (p0 != 0.0f)) | ((x == v_set(INFINITY)) & (p1 != 0.0f))))  \
  X(48, p0 * x + p1)                                                         /* affine */

#define FLOAT_UNARY_LANES(X) \
  X(14, floorf(x))           \
  X(15, ceilf(x))            \
  X(16, rintf(x))            \
  X(17, truncf(x))           \
  X(18, sinf(x))             \
  X(19, cosf(x))             \
  X(20, tanf(x))             \
  X(21, asinf(x))            \
  X(22, acosf(x))            \
  X(23, atanf(x))            \
  X(24, sinhf(x))            \
  X(25, coshf(x))            \
  X(27, asinhf(x))           \
  X(28, acoshf(x))           \
  X(29, atanhf(x))

/* y = function(x) for n floats; n is a multiple of LANES. x and y may be the same. */
KERNEL_STATIC void apply_unary(uint32_t function, float p0_value, float p1_value, const float *source, float *y,
                               int64_t n) {
  const vf p0 = v_set(p0_value), p1 = v_set(p1_value);
  (void)p0, (void)p1;
  switch (function) {
#define FLOAT_CASE(number, expression)         \
  case number:                                 \
    for (int64_t i = 0; i < n; i += LANES) {   \
      const vf x = v_load(source + i);         \
      v_store(y + i, expression);              \
    }                                          \
    break;
    FLOAT_UNARY_VECTORS(FLOAT_CASE)
#undef FLOAT_CASE
#define FLOAT_CASE(number, expression)      \
  case number:                              \
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
  if (activation->function > 1) apply_unary(activation->function, activation->p0, activation->p1, tile, tile, n);
}
