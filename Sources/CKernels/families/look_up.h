/* Rows of numbers of 2, 3, 4, 6 or 8 bits, looked up in palettes. Palettes of up to 16 numbers, on AVX-512 of up to 64, lie in registers. */

/* LOOK_UP_STEP numbers begin with a byte and end with one. */
#if defined(KERNEL_USES_AVX512)
#define LOOK_UP_STEP 16
#elif defined(KERNEL_USES_AVX2) || defined(KERNEL_USES_NEON)
#define LOOK_UP_STEP 8
#endif

/* Bytes from the lowest of a word on. */
KERNEL_INLINE uint32_t look_up_word(const uint8_t *p, const int bytes) {
  uint32_t word = 0;
  KERNEL_UNROLL
  for (int i = 0; i < bytes; i++) word |= (uint32_t)p[i] << 8 * i;
  return word;
}

#if defined(KERNEL_USES_AVX512)
typedef struct {
  const float *numbers;
  __m512 part[4];
} look_up_palette;

KERNEL_INLINE look_up_palette look_up_load(const float *numbers, const int bits) {
  look_up_palette palette = {numbers, {_mm512_setzero_ps()}};
  const __mmask16 few = (__mmask16)((1u << (bits < 4 ? 1 << bits : 16)) - 1);
  if (bits <= 4) palette.part[0] = _mm512_maskz_loadu_ps(few, numbers);
  if (bits == 6)
    for (int i = 0; i < 4; i++) palette.part[i] = _mm512_loadu_ps(numbers + 16 * i);
  return palette;
}

KERNEL_INLINE __m512i look_up_indices(const uint8_t *p, const int bits) {
  const __m512i count = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  if (bits == 8) return _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p));
  __m512i words;
  if (bits == 6) {
    const __m128i four = _mm_setr_epi32((int)look_up_word(p, 3), (int)look_up_word(p + 3, 3), (int)look_up_word(p + 6, 3), (int)look_up_word(p + 9, 3));
    words = _mm512_permutexvar_epi32(_mm512_srli_epi32(count, 2), _mm512_castsi128_si512(four));
  } else {
    words = _mm512_inserti64x4(_mm512_set1_epi32((int)look_up_word(p, bits)), _mm256_set1_epi32((int)look_up_word(p + bits, bits)), 1);
  }
  const __m512i place = _mm512_and_si512(count, _mm512_set1_epi32(bits == 6 ? 3 : 7));
  const __m512i shifted = _mm512_srlv_epi32(words, _mm512_mullo_epi32(place, _mm512_set1_epi32(bits)));
  return _mm512_and_si512(shifted, _mm512_set1_epi32((1 << bits) - 1));
}

KERNEL_INLINE void look_up_step(const look_up_palette *palette, const uint8_t *p, const int bits, float *y) {
  const __m512i index = look_up_indices(p, bits);
  __m512 found;
  if (bits <= 4) {
    found = _mm512_permutexvar_ps(index, palette->part[0]);
  } else if (bits == 6) {
    const __m512 low = _mm512_permutex2var_ps(palette->part[0], index, palette->part[1]);
    const __m512 high = _mm512_permutex2var_ps(palette->part[2], index, palette->part[3]);
    found = _mm512_mask_blend_ps(_mm512_test_epi32_mask(index, _mm512_set1_epi32(32)), low, high);
  } else {
    found = _mm512_i32gather_ps(index, palette->numbers, 4);
  }
  v_store(y, (vf)found);
}
#elif defined(KERNEL_USES_AVX2)
typedef struct {
  const float *numbers;
  __m256 part[2];
} look_up_palette;

KERNEL_INLINE look_up_palette look_up_load(const float *numbers, const int bits) {
  look_up_palette palette = {numbers, {_mm256_setzero_ps()}};
  if (bits == 2) palette.part[0] = _mm256_castps128_ps256(_mm_loadu_ps(numbers));
  if (bits == 3 || bits == 4) palette.part[0] = _mm256_loadu_ps(numbers);
  if (bits == 4) palette.part[1] = _mm256_loadu_ps(numbers + 8);
  return palette;
}

KERNEL_INLINE __m256i look_up_indices(const uint8_t *p, const int bits) {
  const __m256i count = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  if (bits == 8) return _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p));
  __m256i words = _mm256_set1_epi32((int)look_up_word(p, bits == 6 ? 3 : bits));
  if (bits == 6) words = _mm256_inserti128_si256(words, _mm_set1_epi32((int)look_up_word(p + 3, 3)), 1);
  const __m256i place = _mm256_and_si256(count, _mm256_set1_epi32(bits == 6 ? 3 : 7));
  const __m256i shifted = _mm256_srlv_epi32(words, _mm256_mullo_epi32(place, _mm256_set1_epi32(bits)));
  return _mm256_and_si256(shifted, _mm256_set1_epi32((1 << bits) - 1));
}

KERNEL_INLINE void look_up_step(const look_up_palette *palette, const uint8_t *p, const int bits, float *y) {
  const __m256i index = look_up_indices(p, bits);
  __m256 found;
  if (bits <= 3) {
    found = _mm256_permutevar8x32_ps(palette->part[0], index);
  } else if (bits == 4) {
    const __m256 low = _mm256_permutevar8x32_ps(palette->part[0], index), high = _mm256_permutevar8x32_ps(palette->part[1], index);
    found = _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(index, 28)));
  } else {
    found = _mm256_i32gather_ps(palette->numbers, index, 4);
  }
  v_store(y, (vf)found);
}
#elif defined(KERNEL_USES_NEON)
typedef struct {
  const float *numbers;
  uint8x16x4_t bytes; /* of 16 numbers */
} look_up_palette;

KERNEL_INLINE look_up_palette look_up_load(const float *numbers, const int bits) {
  look_up_palette palette = {.numbers = numbers};
  if (bits > 4) return palette;
  float few[16] = {0};
  memcpy(few, numbers, sizeof(float) << bits);
  for (int i = 0; i < 4; i++) palette.bytes.val[i] = vreinterpretq_u8_f32(vld1q_f32(few + 4 * i));
  return palette;
}

KERNEL_INLINE void look_up_step(const look_up_palette *palette, const uint8_t *p, const int bits, float *y) {
  if (bits > 4) {
    const uint32_t words[2] = {look_up_word(p, 3), look_up_word(p + 3, 3)};
    KERNEL_UNROLL
    for (int i = 0; i < 8; i++) y[i] = palette->numbers[bits == 8 ? p[i] : words[i / 4] >> 6 * (i % 4) & 63];
    return;
  }
  const int32_t shifts[8] = {0, -bits, -2 * bits, -3 * bits, -4 * bits, -5 * bits, -6 * bits, -7 * bits};
  const uint32x4_t words = vdupq_n_u32(look_up_word(p, bits)), mask = vdupq_n_u32((1u << bits) - 1);
  KERNEL_UNROLL
  for (int half = 0; half < 2; half++) {
    const uint32x4_t index = vandq_u32(vshlq_u32(words, vld1q_s32(shifts + 4 * half)), mask);
    /* The four bytes of each number. */
    const uint32x4_t places = vmlaq_n_u32(vdupq_n_u32(0x03020100), index, 0x04040404);
    v_store(y + 4 * half, (vf)vreinterpretq_f32_u8(vqtbl4q_u8(palette->bytes, vreinterpretq_u8_u32(places))));
  }
}
#endif

/* Number i of those that begin with a byte. */
KERNEL_INLINE uint32_t look_up_index(const uint8_t *p, const int bits, int64_t i) {
  const uint8_t *q = p + i * bits / 8;
  const uint32_t shift = (uint32_t)(i * bits % 8), high = shift + (uint32_t)bits > 8 ? q[1] : 0;
  return (q[0] | high << 8) >> shift & ((1u << bits) - 1);
}

/* Reads no byte behind the last number's. */
KERNEL_INLINE void look_up_as(const int bits, const float *numbers, const uint8_t *p, int64_t count, float *y) {
  int64_t i = 0;
#ifdef LOOK_UP_STEP
  const look_up_palette palette = look_up_load(numbers, bits);
  for (; i + LOOK_UP_STEP <= count; i += LOOK_UP_STEP) look_up_step(&palette, p + i * bits / 8, bits, y + i);
#else
  for (; i + 8 <= count; i += 8) {
    KERNEL_UNROLL
    for (int j = 0; j < 8; j++) y[i + j] = numbers[look_up_index(p + i * bits / 8, bits, j)];
  }
#endif
  for (; i < count; i++) y[i] = numbers[look_up_index(p, bits, i)];
}

/* Numbers [k0, k0 + depth) of a row; k0 is a multiple of 8. */
static void stored_look_up(const stored *s, int64_t row, int64_t k0, int64_t depth, float *y) {
  const kernel_storage *by = &s->storage;
  const uint32_t element = by->palette_element;
  const int64_t entries = (int64_t)1 << by->bits;
  const void *palette = kernel_at(by->palette, element, (s->first + row) / by->palette_rows * entries);
  const uint8_t *p = stored_row(s, row) + k0 * by->bits / 8;
  if (depth < entries && element != INGOT_F32) {
    /* Fewer than there are to widen. */
    for (int64_t i = 0; i < depth; i++) y[i] = one_float(palette, element, look_up_index(p, by->bits, i));
    return;
  }
  float wide[256];
  const float *numbers = floats(palette, element, 0, entries, wide);
  switch (by->bits) {
    case 2: look_up_as(2, numbers, p, depth, y); break;
    case 3: look_up_as(3, numbers, p, depth, y); break;
    case 4: look_up_as(4, numbers, p, depth, y); break;
    case 6: look_up_as(6, numbers, p, depth, y); break;
    default: look_up_as(8, numbers, p, depth, y); break;
  }
}
