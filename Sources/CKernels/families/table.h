/* Functions of 16 bits: tables of 513 entries, between which is interpolated. */

/* Both neighbours of x lie in one word of the table, so that one gather takes them and one multiply-add weighs them. */
KERNEL_STATIC void table_between(const int16_t *table, const int16_t *x, int64_t n, int32_t *y) {
  int64_t i = 0;
#if defined(KERNEL_USES_AVX512)
  for (; i + LANES <= n; i += LANES) {
    __m256i small;
    memcpy(&small, x + i, sizeof small);
    const __m512i place = _mm512_add_epi32(_mm512_cvtepi16_epi32(small), _mm512_set1_epi32(32768));
    const __m512i pair = _mm512_i32gather_epi32(_mm512_srli_epi32(place, 7), table, 2);
    const __m512i fraction = _mm512_and_si512(place, _mm512_set1_epi32(127));
    const __m512i weights = _mm512_or_si512(_mm512_slli_epi32(fraction, 16), _mm512_sub_epi32(_mm512_set1_epi32(128), fraction));
    vi_store(y + i, (vi)_mm512_madd_epi16(pair, weights));
  }
#elif defined(KERNEL_USES_AVX2)
  for (; i + LANES <= n; i += LANES) {
    __m128i small;
    memcpy(&small, x + i, sizeof small);
    const __m256i place = _mm256_add_epi32(_mm256_cvtepi16_epi32(small), _mm256_set1_epi32(32768));
    const __m256i pair = _mm256_i32gather_epi32((const int *)(const void *)table, _mm256_srli_epi32(place, 7), 2);
    const __m256i fraction = _mm256_and_si256(place, _mm256_set1_epi32(127));
    const __m256i weights = _mm256_or_si256(_mm256_slli_epi32(fraction, 16), _mm256_sub_epi32(_mm256_set1_epi32(128), fraction));
    vi_store(y + i, (vi)_mm256_madd_epi16(pair, weights));
  }
#endif
  for (; i < n; i++) {
    const int32_t place = x[i] + 32768, low = table[place >> 7], high = table[(place >> 7) + 1];
    y[i] = low * 128 + (high - low) * (place & 127);
  }
}
