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
  void *source; /* for these three */
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
  uint8_t *lines;      /* eight of bytes, or one of int16 */
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
/* Factors along k of a group, and int32 of one. */
KERNEL_INLINE int64_t integer_span(integer_form form) { return form == INTEGER_NARROW ? INTEGER_NARROW_SPAN : 2; }
KERNEL_INLINE int64_t integer_words(integer_form form) { return form == INTEGER_NARROW ? INTEGER_NARROW_SPAN / 4 : 1; }
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
  integer_space space;
  return integer_carve((void *)(uintptr_t)64, &space);
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

