/* The tile of an integer product: sums of packed rows of A with a panel of B, in registers over a stretch of k. */

#ifdef KERNEL_USES_I8MM
/* As integer_tile, for instructions that multiply two rows with two columns, eight bytes along k; all columns of the panel. */
KERNEL_INLINE void integer_tile_pairs(const int rows, int64_t groups, const uint8_t *a, int64_t a_row, const int32_t *b, int32_t *tile,
                                      int64_t tile_row, int accumulate) {
  int32x4_t sum[(TILE_ROWS + 1) / 2][PANEL / 2]; /* of rows 2p and 2p + 1 with columns 2c and 2c + 1 */
  KERNEL_UNROLL
  for (int p = 0; p < (rows + 1) / 2; p++) {
    KERNEL_UNROLL
    for (int c = 0; c < PANEL / 2; c++) sum[p][c] = vdupq_n_s32(0);
  }
  for (int64_t group = 0; group < groups; group++, a += 8, b += 2 * PANEL) {
    int8x16_t columns[PANEL / 2];
    KERNEL_UNROLL
    for (int c = 0; c < PANEL / 2; c++) columns[c] = vreinterpretq_s8_s32(vld1q_s32(b + 4 * c));
    KERNEL_UNROLL
    for (int p = 0; p < (rows + 1) / 2; p++) {
      const int8_t *one = (const int8_t *)a + 2 * p * a_row, *other = 2 * p + 1 < rows ? one + a_row : one;
      const int8x16_t pair = vcombine_s8(vld1_s8(one), vld1_s8(other));
      KERNEL_UNROLL
      for (int c = 0; c < PANEL / 2; c++) sum[p][c] = vmmlaq_s32(sum[p][c], pair, columns[c]);
    }
  }
  KERNEL_UNROLL
  for (int r = 0; r < rows; r++) {
    KERNEL_UNROLL
    for (int c = 0; c < PANEL / 4; c++) {
      const int32x4_t left = sum[r / 2][2 * c], right = sum[r / 2][2 * c + 1];
      const int32x4_t row = r % 2 == 0 ? vcombine_s32(vget_low_s32(left), vget_low_s32(right))
                                       : vcombine_s32(vget_high_s32(left), vget_high_s32(right));
      int32_t *target = tile + r * tile_row + 4 * c;
      vst1q_s32(target, accumulate ? vaddq_s32(row, vld1q_s32(target)) : row);
    }
  }
}
#endif

/* tile[rows][vectors * LANES] = or += A[rows, groups] * B[groups, vectors * LANES]. All ints are constants after inlining. */
KERNEL_INLINE void integer_tile(const integer_form form, const int rows, const int vectors, int64_t groups, const uint8_t *a,
                                int64_t a_row, const int32_t *b, int32_t *tile, int64_t tile_row, int accumulate) {
#ifdef KERNEL_USES_I8MM
  if (form == INTEGER_NARROW) {
    integer_tile_pairs(rows, groups, a, a_row, b, tile, tile_row, accumulate);
    return;
  }
#endif
  vi sum[TILE_ROWS][TILE_VECTORS];
  const uint8_t *a0 = a, *a3 = a + 3 * a_row, *a6 = a + 6 * a_row, *a9 = a + 9 * a_row;
  KERNEL_UNROLL
  for (int r = 0; r < rows; r++) {
    KERNEL_UNROLL
    for (int v = 0; v < vectors; v++) sum[r][v] = accumulate ? vi_load(tile + r * tile_row + v * LANES) : v_set_int(0);
  }
  for (int64_t group = 0; group < groups; group++) {
    vi column[TILE_VECTORS];
    KERNEL_UNROLL
    for (int v = 0; v < vectors; v++) column[v] = vi_load(b + v * LANES);
    KERNEL_UNROLL
    for (int r = 0; r < rows; r++) {
      const uint8_t *nearest = r < 3 ? a0 : r < 6 ? a3 : r < 9 ? a6 : a9;
      const vi factor = integer_group(nearest + (r % 3 == 0 ? 0 : r % 3 == 1 ? a_row : 2 * a_row));
      KERNEL_UNROLL
      for (int v = 0; v < vectors; v++) sum[r][v] = integer_mac(form, sum[r][v], column[v], factor);
    }
    a0 += 4, a3 += 4, a6 += 4, a9 += 4;
    b += PANEL;
  }
  KERNEL_UNROLL
  for (int r = 0; r < rows; r++) {
    KERNEL_UNROLL
    for (int v = 0; v < vectors; v++) vi_store(tile + r * tile_row + v * LANES, sum[r][v]);
  }
}

typedef void (*integer_tile_function)(int64_t groups, const uint8_t *a, int64_t a_row, const int32_t *b, int32_t *tile,
                                      int64_t tile_row, int accumulate);

#define INTEGER_TILE_NAME_OF(variant, form, rows, vectors) integer_tile_##form##_##rows##_##vectors##_##variant
#define INTEGER_TILE_NAME(variant, form, rows, vectors) INTEGER_TILE_NAME_OF(variant, form, rows, vectors)
#define INTEGER_TILE(form, name, rows, vectors)                                                                            \
  static void INTEGER_TILE_NAME(KERNEL_VARIANT, name, rows, vectors)(int64_t groups, const uint8_t *a, int64_t a_row,      \
                                                                     const int32_t *b, int32_t *tile, int64_t tile_row,    \
                                                                     int accumulate) {                                     \
    integer_tile(form, rows, vectors, groups, a, a_row, b, tile, tile_row, accumulate);                                    \
  }
#define INTEGER_TILE_WIDE(rows, vectors) INTEGER_TILE(INTEGER_WIDE, wide, rows, vectors)
#define INTEGER_TILE_NARROW(rows, vectors) INTEGER_TILE(INTEGER_NARROW, narrow, rows, vectors)
TILES(INTEGER_TILE_WIDE)
#if INTEGER_HAS_NARROW
TILES(INTEGER_TILE_NARROW)
#endif

static const integer_tile_function integer_tiles[1 + INTEGER_HAS_NARROW][TILE_ROWS][TILE_VECTORS] = {
    {
#define INTEGER_TILE_ENTRY(rows, vectors) [rows - 1][vectors - 1] = INTEGER_TILE_NAME(KERNEL_VARIANT, wide, rows, vectors),
        TILES(INTEGER_TILE_ENTRY)
#undef INTEGER_TILE_ENTRY
    },
#if INTEGER_HAS_NARROW
    {
#define INTEGER_TILE_ENTRY(rows, vectors) [rows - 1][vectors - 1] = INTEGER_TILE_NAME(KERNEL_VARIANT, narrow, rows, vectors),
        TILES(INTEGER_TILE_ENTRY)
#undef INTEGER_TILE_ENTRY
    },
#endif
};

