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
  /* NULL, or the block's columns of line 0 of B, whose lines lie in groups of four for instructions that multiply four bytes: columns
   * side by side, groups `group_row` bytes apart, but for lines that are no whole group. */
  const uint8_t *groups;
  int64_t group_row;
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
  int64_t *long_column_terms;
#if RESCALING_VECTORS
  rescaling_vector *rescalings;
#endif
  int32_t *tile;       /* sums of a tile's rows, INTEGER_BLOCK_COLUMNS each, where no others are kept; then values */
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
  CARVE(long_column_terms, int64_t, INTEGER_BLOCK_COLUMNS);
#if RESCALING_VECTORS
  CARVE(rescalings, rescaling_vector, INTEGER_BLOCK_COLUMNS / LANES);
#endif
  CARVE(tile, int32_t, TILE_ROWS * INTEGER_BLOCK_COLUMNS);
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

#if INTEGER_HAS_NARROW
/* Narrow groups of n columns, moved by 128 where `flip` is 0x80, each PANEL of them `distance` after the last. */
static void integer_copy_groups(const uint8_t *x, int64_t n, int flip, int64_t distance, int32_t *y) {
  const vi move = v_set_int((int32_t)(0x01010101u * (uint32_t)flip));
  for (int64_t j = 0; j < n; j += PANEL, y += distance) {
    if (n - j >= PANEL) {
      for (int v = 0; v < PANEL; v += LANES) {
        vi groups;
        memcpy(&groups, x + 4 * (j + v), sizeof groups);
        vi_store(y + v, groups ^ move);
      }
    } else {
      int32_t rest[PANEL] = {0};
      memcpy(rest, x + 4 * j, (size_t)(4 * (n - j)));
      for (int v = 0; v < PANEL; v += LANES) vi_store(y + v, vi_load(rest + v) ^ move);
    }
  }
}
#endif

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
      if (g->groups != NULL && count == 4) {
        integer_copy_groups(g->groups + k / 4 * g->group_row, g->columns, flip, groups * PANEL, target);
        continue;
      }
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
    vi sums[4] = {{0}, {0}, {0}, {0}};
    const int32_t *b = space->panels + j * groups;
    int64_t group = 0;
    for (; group + 2 <= groups; group += 2, b += 2 * PANEL) {
      KERNEL_UNROLL
      for (int i = 0; i < 4; i++) sums[i] = integer_mac(form, sums[i], vi_load(b + i * LANES), ones);
    }
    for (int i = 0; i < 2 && group < groups; i++) sums[i] = integer_mac(form, sums[i], vi_load(b + i * LANES), ones);
    for (int i = 0; i < LANES; i++) {
      space->column_sums[j + i] += sums[0][i] + sums[2][i];
      space->column_sums[j + LANES + i] += sums[1][i] + sums[3][i];
    }
  }
}

/* Where a tile finds its rows of A. */
typedef struct {
  const uint8_t *a;
  int64_t row; /* bytes */
} integer_rows;

static void integer_pack_row(const integer_product *g, integer_form form, int64_t m, const void *row, int64_t depth, uint8_t *y) {
  const int64_t whole = depth / INTEGER_CHUNK * INTEGER_CHUNK, rest = depth - whole, span = form == INTEGER_NARROW ? 4 : 2;
  const int64_t bytes = kernel_element_bytes(g->a_element);
  uint8_t tail[2 * INTEGER_CHUNK] = {0};
  memcpy(tail, (const uint8_t *)row + whole * bytes, (size_t)(rest * bytes));
  if (form == INTEGER_NARROW) {
    const uint8_t flip = g->a_element == INGOT_U8 ? 0x80 : 0;
    for (int64_t i = 0; i < whole; i += INTEGER_CHUNK) {
      integer_unsigned_bytes chunk;
      memcpy(&chunk, (const uint8_t *)row + i, sizeof chunk);
      chunk ^= flip;
      memcpy(y + i, &chunk, sizeof chunk);
    }
    for (int64_t i = 0; i < rest; i++) y[whole + i] = tail[i] ^ flip;
    for (int64_t i = depth; i % span != 0; i++) y[i] = 0;
    return;
  }
  const int64_t zero = g->a_element == INGOT_I16 ? 0 : kernel_load_integer(g->a_zero, g->a_element, g->a_zero_per_row ? m : 0);
  int16_t words[INTEGER_CHUNK];
  integer_widen(row, g->a_element, whole, (int16_t)zero, (int16_t *)(void *)y);
  integer_widen(tail, g->a_element, INTEGER_CHUNK, (int16_t)zero, words);
  memcpy(y + 2 * whole, words, (size_t)rest * sizeof *words);
  if (depth % span != 0) memset(y + 2 * depth, 0, 2);
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
  int adds_columns; /* something to all sums of a column */
  int prepared;     /* vectors rescale; space's rescalings are those of all or of the columns, if channels are not in rows */
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

static void integer_prepare_finish(integer_sums *f) {
  const integer_product *g = f->g;
  f->adds_columns = f->of_rows.any || f->of_columns.differ || (g->bias != NULL && !g->channels_in_rows);
  for (int64_t j = 0; j < g->columns && (f->is_long || f->adds_columns); j++) {
    const int64_t term = integer_column_term(f, j);
    f->space->column_terms[j] = (int32_t)(uint32_t)term, f->space->long_column_terms[j] = term;
  }
#if RESCALING_VECTORS
  const kernel_rescaling *r = g->rescaling;
  if (r->multiplier == NULL) return;
  f->prepared = r->per_channel && g->channels_in_rows ? r->y_element != INGOT_I32
                                                      : rescaling_prepare(r, g->columns, r->per_channel ? g->channel + g->first_column : 0,
                                                                          r->per_channel, f->space->rescalings);
#endif
}

/* sums + x: int64 and int32. */
KERNEL_INLINE void integer_add_long(const int32_t *x, int64_t n, int keeps, int64_t *sums) {
  typedef int32_t words __attribute__((vector_size(32)));
  typedef int64_t longs __attribute__((vector_size(64)));
  for (int64_t i = 0; i < n; i += 8) {
    words word;
    longs sum;
    memcpy(&word, x + i, sizeof word);
    memcpy(&sum, sums + i, sizeof sum);
    const longs wide = __builtin_convertvector(word, longs);
    sum = keeps ? sum + wide : wide;
    memcpy(sums + i, &sum, sizeof sum);
  }
}

/* Values from long sums, limited to int32. */
KERNEL_STATIC void integer_limit_long(const int64_t *sums, const int64_t *terms, int64_t row, int64_t n, int32_t *values) {
  typedef int32_t words __attribute__((vector_size(32)));
  typedef int64_t longs __attribute__((vector_size(64)));
  for (int64_t i = 0; i < n; i += 8) {
    longs sum, term;
    memcpy(&sum, sums + i, sizeof sum);
    memcpy(&term, terms + i, sizeof term);
    sum += term + row;
    const longs above = sum > INT32_MAX, below = sum < INT32_MIN;
    sum = (above & INT32_MAX) | (below & INT32_MIN) | (sum & ~(above | below));
    const words word = __builtin_convertvector(sum, words);
    memcpy(values + i, &word, sizeof word);
  }
}

/* Values of row m from its sums, which are int64 if long, else int32; there, `row` is added later. */
static void integer_values(const integer_sums *f, int64_t m, int64_t row, const int32_t *sums, int64_t *long_sums, int32_t *values) {
  const int64_t n = f->g->columns;
  const int crosses = f->of_rows.differ || f->of_columns.differ;
  if (f->is_long) {
    for (int64_t j = 0; j < n && crosses; j++) long_sums[j] += integer_cross_term(f, m, j);
    integer_limit_long(long_sums, f->space->long_column_terms, row, n, values);
    return;
  }
  for (int64_t j = 0; j < n; j += LANES) vi_store(values + j, (vi)((vu)vi_load(sums + j) + (vu)vi_load(f->space->column_terms + j)));
  for (int64_t j = 0; j < n && crosses; j++)
    values[j] = (int32_t)((uint32_t)values[j] + (uint32_t)integer_cross_term(f, m, j));
}

/* Results of row m, row r of a tile, from values and what is added to them; where they belong if they lie evenly there. */
static void integer_store_row(const integer_sums *f, int64_t m, int r, int32_t term, int32_t *values) {
  const integer_product *g = f->g;
  const int64_t n = g->columns;
  const int lies_evenly = g->segment_count == 1 && g->segments[0].step == 1, by_column = !g->channels_in_rows && g->rescaling->per_channel;
  void *y = lies_evenly ? g->y : f->space->results + r * 4 * INTEGER_BLOCK_COLUMNS;
  const int64_t first = lies_evenly ? m * g->y_row + g->segments[0].y : 0;
#if RESCALING_VECTORS
  if (f->prepared) {
    rescaling_vector *vectors = f->space->rescalings;
    if (by_column || !g->rescaling->per_channel || rescaling_prepare(g->rescaling, n, g->channel + m, 0, vectors)) {
      rescale_prepared(g->rescaling, vectors, term, values, n, by_column, y, first);
      return;
    }
  }
#endif
  for (int64_t j = 0; j < n && term != 0; j++) values[j] = (int32_t)((uint32_t)values[j] + (uint32_t)term);
  if (g->rescaling->multiplier == NULL) memcpy((int32_t *)y + first, values, (size_t)n * sizeof *values);
  else rescale_block(g->rescaling, values, n, g->channel + (g->channels_in_rows ? m : g->first_column), by_column, y, first);
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
  const int64_t kept = (step->m - f->m0) * INTEGER_BLOCK_COLUMNS;
  const int keeps = !(step->first && step->last) && !f->is_long;
  int32_t *sums = keeps ? (int32_t *)f->space->partial + kept : f->space->tile;
  for (int64_t j = 0; j < g->columns; j += PANEL)
    integer_tiles[f->form][step->rows - 1][g->columns - j > LANES](step->groups, rows.a, rows.row, f->space->panels + j * step->groups, sums + j,
                                                                   INTEGER_BLOCK_COLUMNS, keeps && !step->first);
  for (int r = 0; r < step->rows; r++) {
    const int64_t at = r * INTEGER_BLOCK_COLUMNS;
    int64_t *long_sums = f->space->partial + kept + at;
    if (f->is_long) integer_add_long(sums + at, g->columns, !step->first, long_sums);
    if (!step->last) continue;
    const int64_t row = integer_row_term(f, step->m + r);
    int32_t *values = sums + at;
    if (f->is_long || f->adds_columns) values = f->space->tile + at, integer_values(f, step->m + r, row, sums + at, long_sums, values);
    integer_store_row(f, step->m + r, r, f->is_long ? 0 : (int32_t)(uint32_t)row, values);
    if (g->segment_count != 1 || g->segments[0].step != 1) integer_scatter_row(f, step->m + r, r);
  }
}

/* Rows [m0, m1) of the columns of a block: at most INTEGER_BLOCK_ROWS and INTEGER_BLOCK_COLUMNS. */
static void integer_block(const integer_product *g, int64_t m0, int64_t m1, void *scratch) {
  integer_space space;
  integer_carve(scratch, &space);
  const integer_form form = integer_form_of(g->a_element, g->b_element);
  integer_sums f = {.g = g, .space = &space, .form = form, .is_long = integer_is_long(g->a_element, g->b_element), .m0 = m0,
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
