/* exp, log, tanh, erf and what is made of them, on vectors. Coefficients are our own minimax fits. */

#define EXP_MAGIC 12582912.0f /* 1.5 * 2^23: adding it rounds to an integer, which lands in the low bits */

/* 2^n for -252 <= n <= 254, as two exact factors. */
KERNEL_INLINE vf v_scale(vf x, vi n) {
  const vi half = n >> 1;
  return x * (vf)((half + 127) << 23) * (vf)((n - half + 127) << 23);
}

KERNEL_INLINE vf v_exp(vf x) {
  const vf clamped = v_min(v_max(x, v_set(-104.5f)), v_set(89.0f));
  const vf shifted = v_fma(clamped, v_set(1.44269504f), v_set(EXP_MAGIC));
  const vf count = shifted - EXP_MAGIC;
  /* ln 2 in two parts, the first short enough for an exact product. */
  vf r = v_fma(count, v_set(-0.693359375f), clamped);
  r = v_fma(count, v_set(2.12194440e-4f), r);
  vf p = v_set(0.0013814433477818966f);
  p = v_fma(p, r, v_set(0.008368796668946743f));
  p = v_fma(p, r, v_set(0.041668396443128586f));
  p = v_fma(p, r, v_set(0.1666651964187622f));
  p = v_fma(p, r, v_set(0.4999999403953552f));
  p = v_fma(p * r, r, r) + 1.0f;
  const vf y = v_scale(p, (vi)shifted - (vi)v_set(EXP_MAGIC));
  return v_select(x != x, x, y);
}

KERNEL_INLINE vf v_log(vf x) {
  const vi tiny = x < 0x1p-126f;
  const vf lifted = v_select(tiny, x * 0x1p23f, x);
  const vi bits = (vi)lifted;
  /* mantissa in [sqrt(1/2), sqrt(2)) */
  const vi exponent = ((bits - 0x3f3504f3) >> 23) + (tiny & -23);
  const vf m = (vf)(bits - ((bits - 0x3f3504f3) & ~0x7fffff));
  const vf e = __builtin_convertvector(exponent, vf);
  const vf f = m - 1.0f;
  const vf s = f / (m + 1.0f), z = s * s;
  vf p = v_set(2.0f / 9.0f);
  p = v_fma(p, z, v_set(2.0f / 7.0f));
  p = v_fma(p, z, v_set(2.0f / 5.0f));
  p = v_fma(p, z, v_set(2.0f / 3.0f));
  /* log m = f - s * (f - z * p), which keeps the rounding of f / (m + 1) out of the leading term */
  const vf small = v_fma(e, v_set(-2.12194440e-4f), -(s * (f - z * p)));
  vf y = v_fma(e, v_set(0.693359375f), f + small);
  y = v_select(x == v_set(INFINITY), x, y);
  y = v_select(x == 0.0f, v_set(-INFINITY), y);
  return v_select(x >= 0.0f, y, v_select(x < 0.0f, v_set(NAN), v_select(x != x, x, y)));
}

/* y, or exactly +-1 where |x| >= limit, so that 1 - |y| does not grow when a large factor follows. */
KERNEL_INLINE vf v_saturate(vf y, vf x, float limit) {
  const vf one = (vf)(((vi)x & INT32_MIN) | (vi)v_set(1.0f));
  return v_select(v_abs(x) >= limit, one, v_max(v_set(-1.0f), v_min(v_set(1.0f), y)));
}

KERNEL_INLINE vf v_tanh(vf x) {
  const vf c = v_max(v_set(-9.02f), v_min(v_set(9.02f), x));
  const vf z = c * c;
  vf p = v_set(5.0761713055180735e-08f);
  p = v_fma(p, z, v_set(3.158891558996402e-05f));
  p = v_fma(p, z, v_set(0.00400850223377347f));
  p = v_fma(p, z, v_set(0.13785359263420105f));
  p = v_fma(p, z, v_set(1.0f));
  vf q = v_set(7.374334476395461e-10f);
  q = v_fma(q, z, v_set(1.6174740267160814e-06f));
  q = v_fma(q, z, v_set(0.00042073949589394033f));
  q = v_fma(q, z, v_set(0.027737487107515335f));
  q = v_fma(q, z, v_set(0.47118690609931946f));
  q = v_fma(q, z, v_set(1.0f));
  return v_saturate(c * p / q, x, 9.01f);
}

KERNEL_INLINE vf v_erf(vf x) {
  const vf c = v_max(v_set(-3.95f), v_min(v_set(3.95f), x));
  const vf z = c * c;
  vf p = v_set(2.0258983113308204e-06f);
  p = v_fma(p, z, v_set(0.00028468435630202293f));
  p = v_fma(p, z, v_set(0.0038080860394984484f));
  p = v_fma(p, z, v_set(0.05287520959973335f));
  p = v_fma(p, z, v_set(0.19154879450798035f));
  p = v_fma(p, z, v_set(1.1283791065216064f));
  vf q = v_set(3.783152351388708e-05f);
  q = v_fma(q, z, v_set(0.0011707042576745152f));
  q = v_fma(q, z, v_set(0.01505494024604559f));
  q = v_fma(q, z, v_set(0.11455896496772766f));
  q = v_fma(q, z, v_set(0.5030883550643921f));
  q = v_fma(q, z, v_set(1.0f));
  return v_saturate(c * p / q, x, 3.92f);
}

KERNEL_INLINE vf v_sqrt(vf x) {
#if defined(KERNEL_USES_AVX512)
  return (vf)_mm512_sqrt_ps((__m512)x);
#elif defined(KERNEL_USES_AVX2)
  return (vf)_mm256_sqrt_ps((__m256)x);
#elif defined(KERNEL_USES_NEON)
  return (vf)vsqrtq_f32((float32x4_t)x);
#else
  for (int i = 0; i < LANES; i++) x[i] = sqrtf(x[i]);
  return x;
#endif
}

KERNEL_INLINE vf v_sigmoid(vf x) { return 1.0f / (1.0f + v_exp(-x)); }
KERNEL_INLINE vf v_gelu(vf x) {
  const vf half = x * 0.5f;
  return half + half * v_erf(x * 0.70710678f);
}
KERNEL_INLINE vf v_gelu_tanh(vf x) {
  const vf half = x * 0.5f;
  return half + half * v_tanh(0.79788456f * (x + 0.044715f * (x * x * x)));
}
/* exp(x) - 1 without cancellation near 0. */
KERNEL_INLINE vf v_expm1(vf x) {
  vf p = v_set(1.0f / 40320.0f);
  p = v_fma(p, x, v_set(1.0f / 5040.0f));
  p = v_fma(p, x, v_set(1.0f / 720.0f));
  p = v_fma(p, x, v_set(1.0f / 120.0f));
  p = v_fma(p, x, v_set(1.0f / 24.0f));
  p = v_fma(p, x, v_set(1.0f / 6.0f));
  p = v_fma(p, x, v_set(0.5f));
  p = v_fma(p * x, x, x);
  return v_select(v_abs(x) < 0.5f, p, v_exp(x) - 1.0f);
}
/* log(1 + u) for u in [0, 1]. */
KERNEL_INLINE vf v_log1p_unit(vf u) {
  const vf s = u / (u + 2.0f), z = s * s;
  vf p = v_set(2.0f / 13.0f);
  p = v_fma(p, z, v_set(2.0f / 11.0f));
  p = v_fma(p, z, v_set(2.0f / 9.0f));
  p = v_fma(p, z, v_set(2.0f / 7.0f));
  p = v_fma(p, z, v_set(2.0f / 5.0f));
  p = v_fma(p, z, v_set(2.0f / 3.0f));
  return v_fma(s * z, p, s * 2.0f);
}
KERNEL_INLINE vf v_softplus(vf x) {
  /* v_max keeps NaN in its second operand. */
  return v_max(v_set(0.0f), x) + v_log1p_unit(v_exp(-v_abs(x)));
}
KERNEL_INLINE vf v_relu(vf x) { return v_max(v_set(0.0f), x); }
