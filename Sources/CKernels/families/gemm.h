/* The block of a matrix product that matmul and the convolutions share.
 *
 * B comes in panels of PANEL columns, zero beyond the last: packed as the product runs, or read where it lies. A is read
 * where it lies, by its strides or in panels of rows, or widened a few rows at a time when it is not f32. Weights may be
 * stored in panels: a panel of w columns (the last may be narrower) holds k rows of w elements, and one of rows likewise. The accumulators of one tile stay in registers over DEPTH
 * steps of k; sums over more than DEPTH steps continue from a tile in scratch. The order of every sum depends on k alone. */

#define BLOCK_COLUMNS 128 /* a multiple of every PANEL */
#define BLOCK_ROWS 240    /* a multiple of every TILE_ROWS */
#define SMALL_BLOCK_ROWS 48

/* What differs between products: how columns [n0, n0 + columns) of rows [k0, k0 + depth) of B come into panels.
 * Panel p starts at p * depth * PANEL and holds depth rows of PANEL floats. */
typedef void (*gemm_pack)(const void *source, int64_t k0, int64_t depth, int64_t n0, int64_t columns, float *panels);

typedef struct {
  int64_t k;
  const void *a; /* element [0, 0] of the whole product */
  uint32_t a_element;
  int64_t a_row, a_column; /* strides, if not in panels */
  int64_t a_panel, m;      /* rows of a panel, or 0; of the whole product */
  const stored *a_stored;  /* or NULL */
  gemm_pack pack;
  const void *pack_source;
  const float *b; /* f32 that may be read in place, or NULL: rows at b_row, or panels of b_panel columns of n */
  int64_t b_row, b_panel, n;
  void *y; /* element [0, 0] */
  uint32_t y_element;
  int64_t y_row;
  const void *bias; /* or NULL */
  uint32_t bias_element;
  int bias_per_row;
  kernel_activation activation;
} gemm;

/* a_panel: rows of a panel of a, or 0. */
static size_t gemm_scratch_bytes(int64_t a_panel) {
  const size_t rows = (size_t)kernel_most(TILE_ROWS, a_panel);
  return sizeof(float) * (DEPTH * BLOCK_COLUMNS + BLOCK_ROWS * BLOCK_COLUMNS + rows * DEPTH);
}

/* Borders of blocks depend on the shape alone: small blocks where there would be few. */
static int64_t gemm_block_rows(int64_t m, int64_t n, int64_t count) {
  const int64_t blocks = kernel_ceil_divide(n, BLOCK_COLUMNS);
  return blocks >= 8 || count >= 8 || blocks * count * kernel_ceil_divide(m, BLOCK_ROWS) >= 8 ? BLOCK_ROWS
                                                                                              : SMALL_BLOCK_ROWS;
}

/* tile[rows][PANEL] (+)= A[rows, depth] * B[depth, vectors * LANES]. rows and vectors are constants after inlining. */
KERNEL_INLINE void gemm_tile(const int rows, const int vectors, int64_t depth, const float *a, int64_t a_row,
                             int64_t a_column, const float *b, int64_t b_row, float *tile, int64_t tile_row,
                             int accumulate) {
  vf sum[TILE_ROWS][TILE_VECTORS];
  const float *a0 = a, *a3 = a + 3 * a_row, *a6 = a + 6 * a_row, *a9 = a + 9 * a_row;
  KERNEL_UNROLL
  for (int r = 0; r < rows; r++) {
    KERNEL_UNROLL
    for (int v = 0; v < vectors; v++) sum[r][v] = accumulate ? v_load(tile + r * tile_row + v * LANES) : v_set(0);
  }
  for (int64_t k = 0; k < depth; k++) {
    vf column[TILE_VECTORS];
    KERNEL_UNROLL
    for (int v = 0; v < vectors; v++) column[v] = v_load(b + v * LANES);
    KERNEL_UNROLL
    for (int r = 0; r < rows; r++) {
      const float *group = r < 3 ? a0 : r < 6 ? a3 : r < 9 ? a6 : a9;
      const vf factor = v_set(group[r % 3 == 0 ? 0 : r % 3 == 1 ? a_row : 2 * a_row]);
      KERNEL_UNROLL
      for (int v = 0; v < vectors; v++) sum[r][v] = v_fma(factor, column[v], sum[r][v]);
    }
    a0 += a_column, a3 += a_column, a6 += a_column, a9 += a_column;
    b += b_row;
  }
  KERNEL_UNROLL
  for (int r = 0; r < rows; r++) {
    KERNEL_UNROLL
    for (int v = 0; v < vectors; v++) v_store(tile + r * tile_row + v * LANES, sum[r][v]);
  }
}

typedef void (*gemm_tile_function)(int64_t depth, const float *a, int64_t a_row, int64_t a_column, const float *b,
                                   int64_t b_row, float *tile, int64_t tile_row, int accumulate);

/* The variant is part of the name, for profiles and for builds of everything as one file. */
#define GEMM_TILE_NAME_OF(variant, rows, vectors) gemm_tile_##rows##_##vectors##_##variant
#define GEMM_TILE_NAME(variant, rows, vectors) GEMM_TILE_NAME_OF(variant, rows, vectors)
#define GEMM_TILE(rows, vectors)                                                                                   \
  static void GEMM_TILE_NAME(KERNEL_VARIANT, rows, vectors)(int64_t depth, const float *a, int64_t a_row, int64_t a_column,         \
                                           const float *b, int64_t b_row, float *tile, int64_t tile_row,           \
                                           int accumulate) {                                                       \
    gemm_tile(rows, vectors, depth, a, a_row, a_column, b, b_row, tile, tile_row, accumulate);                     \
  }
TILES(GEMM_TILE)

static const gemm_tile_function gemm_tiles[TILE_ROWS][TILE_VECTORS] = {
#define GEMM_TILE_ENTRY(rows, vectors) [rows - 1][vectors - 1] = GEMM_TILE_NAME(KERNEL_VARIANT, rows, vectors),
    TILES(GEMM_TILE_ENTRY)
#undef GEMM_TILE_ENTRY
};

/* Bias, activation and store of a tile, of which `columns` columns are real and whole vectors of them are computed. */
static void gemm_finish(const gemm *g, float *tile, int64_t tile_row, int64_t m0, int rows, int64_t n0, int64_t columns) {
  const int width = columns > LANES ? PANEL : LANES;
  if (g->bias != NULL) {
    float bias[PANEL] = {0};
    if (!g->bias_per_row) widen(kernel_at(g->bias, g->bias_element, n0), g->bias_element, columns, bias);
    for (int r = 0; r < rows; r++) {
      float *row = tile + r * tile_row;
      if (g->bias_per_row) {
        const vf value = v_set(one_float(g->bias, g->bias_element, m0 + r));
        for (int v = 0; v < width; v += LANES) v_store(row + v, v_load(row + v) + value);
      } else {
        for (int v = 0; v < width; v += LANES) v_store(row + v, v_load(row + v) + v_load(bias + v));
      }
    }
  }
  if (tile_row == width) {
    activate(&g->activation, tile, (int64_t)rows * width);
  } else {
    for (int r = 0; r < rows; r++) activate(&g->activation, tile + r * tile_row, width);
  }
  for (int r = 0; r < rows; r++) {
    void *target = kernel_at_mutable(g->y, g->y_element, (m0 + r) * g->y_row + n0);
    const float *row = tile + r * tile_row;
    if (g->y_element == INGOT_F32 && columns == PANEL) {
      for (int v = 0; v < PANEL; v += LANES) v_store((float *)target + v, v_load(row + v));
    } else {
      narrow(row, columns, target, g->y_element);
    }
  }
}

/* Where a tile finds its rows of A, and how many there are before a panel ends. */
typedef struct {
  const float *a;
  int64_t row, column;
  int rows;
} gemm_rows;

/* Rows from m on of a panel, which is widened once for all its tiles. */
static gemm_rows gemm_panel_rows(const gemm *g, int64_t m, int64_t m1, int64_t k0, int64_t depth, float *widened,
                                 int64_t *widened_panel) {
  const int64_t panel = m / g->a_panel, first = panel * g->a_panel;
  const int64_t width = kernel_least(g->a_panel, g->m - first);
  const int64_t rows = kernel_least(kernel_least(TILE_ROWS, width - (m - first)), m1 - m);
  const int64_t start = first * g->k + k0 * width;
  if (g->a_element == INGOT_F32) return (gemm_rows){(const float *)g->a + start + (m - first), 1, width, (int)rows};
  if (*widened_panel != panel) widen(kernel_at(g->a, g->a_element, start), g->a_element, depth * width, widened);
  *widened_panel = panel;
  return (gemm_rows){widened + (m - first), 1, width, (int)rows};
}

static gemm_rows gemm_strided_rows(const gemm *g, int64_t m, int64_t m1, int64_t k0, int64_t depth, float *widened) {
  const int rows = (int)kernel_least(TILE_ROWS, m1 - m);
  if (g->a_element == INGOT_F32) {
    return (gemm_rows){(const float *)g->a + m * g->a_row + k0 * g->a_column, g->a_row, g->a_column, rows};
  }
  for (int r = 0; r < rows; r++) {
    const int64_t start = (m + r) * g->a_row + k0 * g->a_column;
    if (g->a_stored != NULL) {
      stored_widen(g->a_stored, m + r, k0, depth, widened + r * DEPTH);
    } else if (g->a_column == 1) {
      widen(kernel_at(g->a, g->a_element, start), g->a_element, depth, widened + r * DEPTH);
    } else {
      for (int64_t k = 0; k < depth; k++)
        widened[r * DEPTH + k] = one_float(g->a, g->a_element, start + k * g->a_column);
    }
  }
  return (gemm_rows){widened, DEPTH, 1, rows};
}

/* Whether whole panels of PANEL columns are read where B lies: rows pay only for products of few of them. */
KERNEL_INLINE int gemm_reads_in_place(const gemm *g, int64_t rows) {
  if (g->b == NULL) return 0;
  return g->b_panel > 0 ? g->b_panel % PANEL == 0 : rows <= 2 * TILE_ROWS;
}

/* Row k0 of PANEL columns from `column` on, and the distance to the next. */
KERNEL_INLINE const float *gemm_b_in_place(const gemm *g, int64_t k0, int64_t column, int64_t *row) {
  if (g->b_panel == 0) {
    *row = g->b_row;
    return g->b + k0 * g->b_row + column;
  }
  const int64_t first = column / g->b_panel * g->b_panel;
  *row = kernel_least(g->b_panel, g->n - first);
  return g->b + first * g->k + k0 * *row + (column - first);
}

/* Rows [m0, m1), columns [n0, n1) of y: at most BLOCK_ROWS and BLOCK_COLUMNS. */
static void gemm_block(const gemm *g, int64_t m0, int64_t m1, int64_t n0, int64_t n1, void *scratch) {
  float *panels = scratch;
  float *partial = panels + DEPTH * BLOCK_COLUMNS;
  float *widened = partial + BLOCK_ROWS * BLOCK_COLUMNS;
  float tile[TILE_ROWS * PANEL] __attribute__((aligned(64)));
  const int64_t columns = n1 - n0;
  const int in_place = gemm_reads_in_place(g, m1 - m0);
  int64_t k0 = 0;
  do {
    const int64_t depth = kernel_least(DEPTH, g->k - k0);
    const int first = k0 == 0, last = k0 + depth == g->k, whole = first && last;
    if (!in_place) {
      g->pack(g->pack_source, k0, depth, n0, columns, panels);
    } else if (columns % PANEL != 0) {
      const int64_t tail = columns - columns % PANEL;
      g->pack(g->pack_source, k0, depth, n0 + tail, columns - tail, panels + tail * depth);
    }
    int64_t widened_panel = -1;
    for (int64_t m = m0; m < m1;) {
      const gemm_rows r = g->a_panel > 0 ? gemm_panel_rows(g, m, m1, k0, depth, widened, &widened_panel)
                                         : gemm_strided_rows(g, m, m1, k0, depth, widened);
      for (int64_t n = 0; n < columns; n += PANEL) {
        const int64_t valid = kernel_least(PANEL, columns - n);
        const float *b = panels + n * depth;
        int64_t b_row = PANEL;
        if (in_place && valid == PANEL) b = gemm_b_in_place(g, k0, n0 + n, &b_row);
        float *sums = whole ? tile : partial + (m - m0) * BLOCK_COLUMNS + n;
        const int64_t sums_row = whole ? PANEL : BLOCK_COLUMNS;
        gemm_tiles[r.rows - 1][valid > LANES](depth, r.a, r.row, r.column, b, b_row, sums, sums_row, !first);
        if (last) gemm_finish(g, sums, sums_row, m, r.rows, n0 + n, valid);
      }
      m += r.rows;
    }
    k0 += depth;
  } while (k0 < g->k);
}
