/* The block of an integer product that matrix products and convolutions share: exact, so that no order matters.
 *
 * B comes line by line along k, and is packed in panels of PANEL columns, group by group; rows of A are packed for one tile
 * at a time. With the zero points za and zb that the packed factors keep, the sum over k of (a - za) * (b - zb) is
 * sum(a * b) - za * (sum(b) - k * zb) - zb * sum(a). */

#define INTEGER_GROUPS 96 /* of k in one stretch: at most 255 * 2^15 * 2 * INTEGER_GROUPS fits an int32 */
#define INTEGER_BLOCK_COLUMNS 256
#define INTEGER_BLOCK_ROWS 144
#define INTEGER_SMALL_BLOCK_ROWS 48
#define INTEGER_MAX_DEPTH (4 * INTEGER_GROUPS)
#define INTEGER_ROW_BYTES (4 * INTEGER_GROUPS + 16)

/* Columns of a block that lie evenly in y. */
typedef struct {
  int64_t column, count; /* in the block */
  int64_t y, step;       /* elements: where the first one lies in a row of y, and how far apart they are */
} integer_segment;

typedef struct integer_product integer_product;
struct integer_product {
  int64_t k;
  /* `depth` factors of row m of A from k0 on, into `buffer`; NULL: they lie at element m * a_row + k0 of a. */
  void (*row)(const integer_product *g, int64_t m, int64_t k0, int64_t depth, void *buffer);
  /* The block's columns of line k of B, where they lie or in `buffer`: readable up to whole panels of columns. `prepare`, or
   * NULL, comes before those of a stretch. */
  void (*prepare)(const integer_product *g, int64_t k0, int64_t depth);
  const void *(*line)(const integer_product *g, int64_t k, void *buffer);
  const void *source; /* for these three */
  const void *a, *a_zero, *b_zero;
  int64_t a_row;
  uint32_t a_element, b_element;
  int a_zero_per_row, b_zero_per_column; /* from element 0 on */
  int64_t first_column;                  /* of the block */
  int64_t columns;
  const integer_segment *segments;
  int64_t segment_count;
  void *y; /* element [0, 0] */
  int64_t y_row;
  const int32_t *bias; /* of channel 0, or NULL */
  const kernel_rescaling *rescaling;
  int64_t channel;     /* of row or column 0 */
  int channels_in_rows;
};

typedef struct {
  int32_t *panels;     /* [panel][group][PANEL] */
  int64_t *partial;    /* [row][INTEGER_BLOCK_COLUMNS]; int32 unless a factor is i16 */
  int64_t *row_sums, *column_sums;
  int32_t *column_terms; /* what is added to the sums of a column */
  uint8_t *rows;       /* packed, INTEGER_ROW_BYTES each */
  uint8_t *lines;      /* four of them */
  int16_t *widened;    /* two of them */
  uint8_t *row;        /* as it lay */
  uint8_t *results;    /* of a tile's rows, 4 * INTEGER_BLOCK_COLUMNS each */
} integer_space;

KERNEL_INLINE integer_form integer_form_of(uint32_t a_element, uint32_t b_element) {
  return INTEGER_HAS_NARROW && a_element != INGOT_I16 && b_element != INGOT_I16 ? INTEGER_NARROW : INTEGER_WIDE;
}
KERNEL_INLINE int integer_is_long(uint32_t a_element, uint32_t b_element) {
  return a_element == INGOT_I16 || b_element == INGOT_I16;
}
KERNEL_INLINE int64_t integer_depth(integer_form form) { return (form == INTEGER_NARROW ? 4 : 2) * INTEGER_GROUPS; }

static size_t integer_carve(void *scratch, integer_space *space) {
  char *at = scratch;
#define CARVE(member, type, count) space->member = (type *)(void *)at, at += ((count) * sizeof(type) + 63) / 64 * 64
  CARVE(panels, int32_t, INTEGER_GROUPS * INTEGER_BLOCK_COLUMNS);
  CARVE(partial, int64_t, INTEGER_BLOCK_ROWS * INTEGER_BLOCK_COLUMNS);
  CARVE(row_sums, int64_t, INTEGER_BLOCK_ROWS);
  CARVE(column_sums, int64_t, INTEGER_BLOCK_COLUMNS);
  CARVE(column_terms, int32_t, INTEGER_BLOCK_COLUMNS);
  CARVE(rows, uint8_t, TILE_ROWS * INTEGER_ROW_BYTES);
  CARVE(lines, uint8_t, 4 * 2 * INTEGER_BLOCK_COLUMNS);
  CARVE(widened, int16_t, 2 * INTEGER_BLOCK_COLUMNS);
  CARVE(row, uint8_t, 2 * (INTEGER_MAX_DEPTH + INTEGER_CHUNK));
  CARVE(results, uint8_t, TILE_ROWS * 4 * INTEGER_BLOCK_COLUMNS);
#undef CARVE
  return (size_t)(at - (char *)scratch);
}
static size_t integer_scratch_bytes(void) {
  static char place[64] __attribute__((aligned(64)));
  integer_space space;
  return integer_carve(place, &space);
}

/* Borders of blocks depend on the shape alone: small blocks where there would be few. */
static int64_t integer_block_rows(int64_t m, int64_t blocks) {
  return blocks * kernel_ceil_divide(m, INTEGER_BLOCK_ROWS) >= 8 ? INTEGER_BLOCK_ROWS : INTEGER_SMALL_BLOCK_ROWS;
}

/* The zero points that packed factors keep. */
KERNEL_INLINE int64_t integer_kept_zero(integer_form form, const void *zeros, uint32_t element, int64_t index, uint32_t wanted) {
  if (form == INTEGER_WIDE && element != INGOT_I16) return 0;
  const int64_t zero = kernel_load_integer(zeros, element, index);
  if (form == INTEGER_WIDE || element == wanted) return zero;
  return wanted == INGOT_I8 ? zero - 128 : zero + 128;
}
KERNEL_INLINE int64_t integer_a_zero(const integer_product *g, integer_form form, int64_t m) {
  return integer_kept_zero(form, g->a_zero, g->a_element, g->a_zero_per_row ? m : 0, INGOT_I8);
}
KERNEL_INLINE int64_t integer_b_zero(const integer_product *g, integer_form form, int64_t column) {
  return integer_kept_zero(form, g->b_zero, g->b_element, g->b_zero_per_column ? g->first_column + column : 0, INTEGER_NARROW_B);
}

/* The zero points that a block's rows or columns keep. */
typedef struct {
  int64_t first;
  int differ, any; /* some differ from the first one; some is not 0 */
} integer_zeros;

static integer_zeros integer_zeros_of_rows(const integer_product *g, integer_form form, int64_t m0, int64_t m1) {
  integer_zeros zeros = {.first = integer_a_zero(g, form, m0)};
  zeros.any = zeros.first != 0;
  for (int64_t m = m0; m < m1 && g->a_zero_per_row; m++) {
    const int64_t zero = integer_a_zero(g, form, m);
    zeros.differ |= zero != zeros.first, zeros.any |= zero != 0;
  }
  return zeros;
}
static integer_zeros integer_zeros_of_columns(const integer_product *g, integer_form form) {
  integer_zeros zeros = {.first = integer_b_zero(g, form, 0)};
  zeros.any = zeros.first != 0;
  for (int64_t j = 0; j < g->columns && g->b_zero_per_column; j++) {
    const int64_t zero = integer_b_zero(g, form, j);
    zeros.differ |= zero != zeros.first, zeros.any |= zero != 0;
  }
  return zeros;
}

/* tile[rows][vectors * LANES] = or += A[rows, groups] * B[groups, vectors * LANES]. All ints are constants after inlining. */
KERNEL_INLINE void integer_tile(const integer_form form, const int rows, const int vectors, int64_t groups, const uint8_t *a,
                                int64_t a_row, const int32_t *b, int32_t *tile, int64_t tile_row, int accumulate) {
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

/* A line of B as wide factors. */
static void integer_widen_line(const integer_product *g, const void *line, int16_t *y) {
  const int moves = g->b_element != INGOT_I16;
  integer_widen(line, g->b_element, g->columns,
                moves && !g->b_zero_per_column ? (int16_t)kernel_load_integer(g->b_zero, g->b_element, 0) : 0, y);
  for (int64_t j = 0; moves && g->b_zero_per_column && j < g->columns; j++)
    y[j] = (int16_t)(y[j] - kernel_load_integer(g->b_zero, g->b_element, g->first_column + j));
}

/* A stretch of B in panels. What lies beyond its end along k is 0. */
static void integer_pack_columns(const integer_product *g, integer_form form, int64_t k0, int64_t depth, const integer_space *space) {
  const int64_t span = form == INTEGER_NARROW ? 4 : 2, groups = kernel_ceil_divide(depth, span);
  if (g->prepare != NULL && depth > 0) g->prepare(g, k0, depth);
  for (int64_t group = 0; group < groups; group++) {
    int32_t *target = space->panels + group * PANEL;
    const int64_t k = k0 + group * span, count = kernel_least(span, k0 + depth - k);
    if (form == INTEGER_WIDE) {
      for (int64_t i = 0; i < 2; i++) {
        int16_t *line = space->widened + i * INTEGER_BLOCK_COLUMNS;
        if (i < count) integer_widen_line(g, g->line(g, k + i, space->lines), line);
        else memset(line, 0, sizeof *line * INTEGER_BLOCK_COLUMNS);
      }
      for (int64_t j = 0; j < g->columns; j += PANEL)
        for (int v = 0; v < PANEL; v += LANES)
          integer_interleave_wide(space->widened + j + v, space->widened + INTEGER_BLOCK_COLUMNS + j + v, target + j * groups + v);
    }
#if INTEGER_HAS_NARROW
    else {
      const int flip = g->b_element == INTEGER_NARROW_B ? 0 : 0x80;
      const uint8_t *line[4];
      for (int64_t i = 0; i < 4; i++) {
        uint8_t *buffer = space->lines + i * INTEGER_BLOCK_COLUMNS;
        if (i < count) line[i] = g->line(g, k + i, buffer);
        else line[i] = memset(buffer, flip, INTEGER_BLOCK_COLUMNS);
      }
      for (int64_t j = 0; j < g->columns; j += PANEL) integer_interleave_narrow(line, j, flip, target + j * groups);
    }
#endif
  }
}

/* column_sums += the sums of a stretch's factors. */
static void integer_sum_columns(const integer_product *g, integer_form form, int64_t groups, const integer_space *space) {
  const int16_t words[2] = {1, 1};
  const int8_t bytes[4] = {1, 1, 1, 1};
  const vi ones = form == INTEGER_NARROW ? integer_group(bytes) : integer_group(words);
  for (int64_t j = 0; j < g->columns; j += PANEL) {
    for (int v = 0; v < PANEL; v += LANES) {
      vi sum = v_set_int(0);
      const int32_t *b = space->panels + j * groups + v;
      for (int64_t group = 0; group < groups; group++) sum = integer_mac(form, sum, vi_load(b + group * PANEL), ones);
      for (int i = 0; i < LANES; i++) space->column_sums[j + v + i] += sum[i];
    }
  }
}

/* Where a tile finds its rows of A. */
typedef struct {
  const uint8_t *a;
  int64_t row; /* bytes */
} integer_rows;

static void integer_pack_row(const integer_product *g, integer_form form, int64_t m, const void *row, int64_t depth, uint8_t *y) {
  const int64_t last = form == INTEGER_NARROW ? depth / 4 * 4 : depth / 2 * 4;
  if (last < INTEGER_ROW_BYTES) memset(y + last, 0, 4);
  if (form == INTEGER_NARROW) {
    memcpy(y, row, (size_t)depth);
    for (int64_t i = 0; i < depth && g->a_element == INGOT_U8; i++) y[i] ^= 0x80;
    return;
  }
  uint8_t whole[2 * (INTEGER_MAX_DEPTH + INTEGER_CHUNK)];
  int16_t words[INTEGER_MAX_DEPTH + INTEGER_CHUNK];
  const size_t bytes = (size_t)(depth * kernel_element_bytes(g->a_element));
  memcpy(whole, row, bytes);
  memset(whole + bytes, 0, 2 * INTEGER_CHUNK);
  const int64_t zero = g->a_element == INGOT_I16 ? 0 : kernel_load_integer(g->a_zero, g->a_element, g->a_zero_per_row ? m : 0);
  integer_widen(whole, g->a_element, depth, (int16_t)zero, words);
  memcpy(y, words, (size_t)depth * sizeof *words);
}

/* Rows of A for one tile: packed, unless they lie so already. What lies beyond the end along k is 0. */
static integer_rows integer_pack_rows(const integer_product *g, integer_form form, int64_t m, int rows, int64_t k0, int64_t depth,
                                      const integer_space *space) {
  if (form == INTEGER_NARROW && g->row == NULL && g->a_element == INGOT_I8 && depth % 4 == 0)
    return (integer_rows){(const uint8_t *)g->a + m * g->a_row + k0, g->a_row};
  for (int r = 0; r < rows; r++) {
    const void *row = space->row;
    if (g->row == NULL) row = kernel_at(g->a, g->a_element, (m + r) * g->a_row + k0);
    else g->row(g, m + r, k0, depth, space->row);
    integer_pack_row(g, form, m + r, row, depth, space->rows + r * INTEGER_ROW_BYTES);
  }
  return (integer_rows){space->rows, INTEGER_ROW_BYTES};
}

/* The sum of a packed row. */
static int64_t integer_sum_row(integer_form form, const uint8_t *row, int64_t depth) {
  int64_t sum = 0;
  if (form == INTEGER_NARROW) {
    const int8_t ones[4] = {1, 1, 1, 1};
    vi sums = v_set_int(0);
    int64_t i = 0;
    for (; i + 4 * LANES <= depth; i += 4 * LANES) {
      vi groups;
      memcpy(&groups, row + i, sizeof groups);
      sums = integer_mac(INTEGER_NARROW, sums, integer_group(ones), groups);
    }
    for (int j = 0; j < LANES; j++) sum += sums[j];
    for (; i < depth; i++) sum += (int8_t)row[i];
    return sum;
  }
  for (int64_t i = 0; i < depth; i++) {
    int16_t word;
    memcpy(&word, row + 2 * i, sizeof word);
    sum += word;
  }
  return sum;
}

/* A block whose sums are complete. */
typedef struct {
  const integer_product *g;
  const integer_space *space;
  integer_form form;
  int is_long;
  int64_t m0;
  integer_zeros of_rows, of_columns;
} integer_sums;

/* The sum of a column's factors less their zero points. */
KERNEL_INLINE int64_t integer_column_rest(const integer_sums *f, int64_t column) {
  return f->space->column_sums[column] - f->g->k * integer_b_zero(f->g, f->form, column);
}

/* What is added to the sums of a row, and of a column; to the former once more where zero points differ. */
static int64_t integer_row_term(const integer_sums *f, int64_t m) {
  const integer_product *g = f->g;
  const int64_t bias = g->bias != NULL && g->channels_in_rows ? g->bias[g->channel + m] : 0;
  return bias - f->of_columns.first * f->space->row_sums[m - f->m0];
}
static int64_t integer_column_term(const integer_sums *f, int64_t column) {
  const integer_product *g = f->g;
  const int64_t bias = g->bias != NULL && !g->channels_in_rows ? g->bias[g->channel + g->first_column + column] : 0;
  return f->of_rows.any ? bias - f->of_rows.first * integer_column_rest(f, column) : bias;
}
static int64_t integer_cross_term(const integer_sums *f, int64_t m, int64_t column) {
  int64_t term = 0;
  if (f->of_rows.differ) term -= (integer_a_zero(f->g, f->form, m) - f->of_rows.first) * integer_column_rest(f, column);
  if (f->of_columns.differ) term -= (integer_b_zero(f->g, f->form, column) - f->of_columns.first) * f->space->row_sums[m - f->m0];
  return term;
}

static void integer_prepare_finish(const integer_sums *f) {
  for (int64_t j = 0; j < f->g->columns && !f->is_long; j++)
    f->space->column_terms[j] = (int32_t)(uint32_t)integer_column_term(f, j);
}

/* Values of row m, n columns of a panel, from their sums: int64 if long, else int32. */
static void integer_values(const integer_sums *f, int64_t m, int64_t column, int64_t n, const int32_t *sums, const int64_t *long_sums,
                           int32_t *values) {
  const int64_t row = integer_row_term(f, m);
  const int crosses = f->of_rows.differ || f->of_columns.differ;
  if (f->is_long) {
    for (int64_t j = 0; j < n; j++) {
      const int64_t cross = crosses ? integer_cross_term(f, m, column + j) : 0;
      const int64_t sum = long_sums[j] + row + integer_column_term(f, column + j) + cross;
      values[j] = (int32_t)kernel_most(kernel_least(sum, INT32_MAX), INT32_MIN);
    }
    return;
  }
  const vu all = (vu)v_set_int((int32_t)(uint32_t)row);
  for (int64_t j = 0; j < n; j += LANES)
    vi_store(values + j, (vi)((vu)vi_load(sums + j) + (vu)vi_load(f->space->column_terms + column + j) + all));
  for (int64_t j = 0; j < n && crosses; j++)
    values[j] = (int32_t)((uint32_t)values[j] + (uint32_t)integer_cross_term(f, m, column + j));
}

/* Results of row m, n columns of a panel; row r of a tile. */
static void integer_store_panel(const integer_sums *f, int64_t m, int r, int64_t column, int64_t n, const int32_t *values) {
  const integer_product *g = f->g;
  const int64_t channel = g->channel + (g->channels_in_rows ? m : g->first_column + column);
  const int lies_evenly = g->segment_count == 1 && g->segments[0].step == 1;
  void *y = f->space->results + r * 4 * INTEGER_BLOCK_COLUMNS;
  int64_t first = column;
  if (lies_evenly) y = g->y, first += m * g->y_row + g->segments[0].y;
  if (g->rescaling->multiplier == NULL) memcpy((int32_t *)y + first, values, (size_t)n * sizeof *values);
  else rescale_block(g->rescaling, values, n, channel, !g->channels_in_rows, y, first);
}

/* Results of row m from row r of a tile to where they belong. */
static void integer_scatter_row(const integer_sums *f, int64_t m, int r) {
  const integer_product *g = f->g;
  const uint32_t element = g->rescaling->y_element;
  const uint8_t *results = f->space->results + r * 4 * INTEGER_BLOCK_COLUMNS;
  for (int64_t s = 0; s < g->segment_count; s++) {
    const integer_segment *segment = &g->segments[s];
    const int64_t bytes = kernel_element_bytes(element);
    const uint8_t *source = results + segment->column * bytes;
    uint8_t *target = kernel_at_mutable(g->y, element, m * g->y_row + segment->y);
    if (segment->step == 1) {
      memcpy(target, source, (size_t)(segment->count * bytes));
    } else {
      for (int64_t j = 0; j < segment->count; j++)
        memcpy(target + j * segment->step * bytes, source + j * bytes, (size_t)bytes);
    }
  }
}

/* One tile of a stretch of k: continues its sums, and finishes them with the last. */
typedef struct {
  int64_t m, groups;
  int rows, first, last;
} integer_stretch;

static void integer_tile_row(const integer_sums *f, const integer_stretch *step, integer_rows rows) {
  const integer_product *g = f->g;
  const int whole = step->first && step->last;
  int32_t tile[TILE_ROWS * PANEL] __attribute__((aligned(64))), values[PANEL] __attribute__((aligned(64)));
  for (int64_t j = 0; j < g->columns; j += PANEL) {
    const int64_t valid = kernel_least(PANEL, g->columns - j);
    const int32_t *b = f->space->panels + j * step->groups;
    int64_t *kept = f->space->partial + (step->m - f->m0) * INTEGER_BLOCK_COLUMNS + j;
    int32_t *sums = tile;
    int64_t sums_row = PANEL;
    if (!whole && !f->is_long) sums = (int32_t *)f->space->partial + (step->m - f->m0) * INTEGER_BLOCK_COLUMNS + j, sums_row = INTEGER_BLOCK_COLUMNS;
    integer_tiles[f->form][step->rows - 1][valid > LANES](step->groups, rows.a, rows.row, b, sums, sums_row,
                                                          !step->first && !f->is_long);
    for (int r = 0; r < step->rows; r++) {
      int64_t *long_sums = kept + r * INTEGER_BLOCK_COLUMNS;
      for (int64_t i = 0; i < valid && f->is_long; i++)
        long_sums[i] = (step->first ? 0 : long_sums[i]) + tile[r * PANEL + i];
      if (!step->last) continue;
      integer_values(f, step->m + r, j, valid, sums + r * sums_row, long_sums, values);
      integer_store_panel(f, step->m + r, r, j, valid, values);
    }
  }
  const int lies_evenly = g->segment_count == 1 && g->segments[0].step == 1;
  for (int r = 0; r < step->rows && step->last && !lies_evenly; r++) integer_scatter_row(f, step->m + r, r);
}

/* Rows [m0, m1) of the columns of a block: at most INTEGER_BLOCK_ROWS and INTEGER_BLOCK_COLUMNS. */
static void integer_block(const integer_product *g, int64_t m0, int64_t m1, void *scratch) {
  integer_space space;
  integer_carve(scratch, &space);
  const integer_form form = integer_form_of(g->a_element, g->b_element);
  const integer_sums f = {.g = g, .space = &space, .form = form, .is_long = integer_is_long(g->a_element, g->b_element), .m0 = m0,
                            .of_rows = integer_zeros_of_rows(g, form, m0, m1), .of_columns = integer_zeros_of_columns(g, form)};
  memset(space.row_sums, 0, sizeof(int64_t) * INTEGER_BLOCK_ROWS);
  memset(space.column_sums, 0, sizeof(int64_t) * INTEGER_BLOCK_COLUMNS);
  int64_t k0 = 0;
  do {
    const int64_t depth = kernel_least(integer_depth(form), g->k - k0);
    integer_stretch step = {.groups = kernel_ceil_divide(depth, form == INTEGER_NARROW ? 4 : 2), .first = k0 == 0, .last = k0 + depth == g->k};
    integer_pack_columns(g, form, k0, depth, &space);
    if (f.of_rows.any) integer_sum_columns(g, form, step.groups, &space);
    if (step.last) integer_prepare_finish(&f);
    for (step.m = m0; step.m < m1; step.m += step.rows) {
      step.rows = (int)kernel_least(TILE_ROWS, m1 - step.m);
      const integer_rows rows = integer_pack_rows(g, form, step.m, step.rows, k0, depth, &space);
      for (int r = 0; r < step.rows && f.of_columns.any; r++)
        space.row_sums[step.m - m0 + r] += integer_sum_row(form, rows.a + r * rows.row, depth);
      integer_tile_row(&f, &step, rows);
    }
    k0 += depth;
  } while (k0 < g->k);
}
