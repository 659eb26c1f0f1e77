/* The block of an integer product: stretch by stretch of k its tiles, and their results. */

/* A block whose sums are complete. */
typedef struct {
  const integer_product *g;
  const integer_space *space;
  integer_form form;
  int is_long;
  int64_t m0;
  integer_zeros of_rows, of_columns;
  int adds_columns; /* something to all sums of a column */
  int rescales_rows; /* each with a channel's own */
  int way;           /* of space's rescalings, those of all or of the columns, if not of rows */
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
  f->rescales_rows = r->per_channel && g->channels_in_rows;
  if (!f->rescales_rows)
    f->way = rescaling_prepare(r, g->columns, r->per_channel ? g->channel + g->first_column : 0, r->per_channel, f->space->rescalings);
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
  const int way = f->rescales_rows ? rescaling_prepare(g->rescaling, n, g->channel + m, 0, f->space->rescalings) : f->way;
  if (way != RESCALING_SCALAR) {
    rescale_prepared(g->rescaling, f->space->rescalings, way, term, values, n, by_column, y, first);
    return;
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

/* Some rows of a block in one stretch of k. */
typedef struct {
  int64_t m, k0, depth, groups;
  int rows, first, last;
} integer_stretch;

/* Whether sums are int32 that stretches share. */
KERNEL_INLINE int integer_keeps(const integer_sums *f, const integer_stretch *step) { return !(step->first && step->last) && !f->is_long; }
/* Where the sums of the first row lie; whether there are some from the stretch before. */
static int32_t *integer_sums_of(const integer_sums *f, const integer_stretch *step) {
  if (integer_keeps(f, step)) return (int32_t *)f->space->partial + (step->m - f->m0) * INTEGER_BLOCK_COLUMNS;
  return f->space->tile;
}
KERNEL_INLINE int integer_continues(const integer_sums *f, const integer_stretch *step) { return integer_keeps(f, step) && !step->first; }

static void integer_tile_sums(const integer_sums *f, const integer_stretch *step, integer_rows rows, int32_t *sums) {
  for (int64_t j = 0; j < f->g->columns; j += PANEL)
    integer_tiles[f->form][step->rows - 1][f->g->columns - j > LANES](step->groups, rows.a, rows.row,
                                                                      f->space->panels + j * step->groups * integer_words(f->form), sums + j,
                                                                      INTEGER_BLOCK_COLUMNS, integer_continues(f, step));
}

/* The last stretch finishes sums. */
static void integer_finish_rows(const integer_sums *f, const integer_stretch *step, int32_t *sums) {
  const integer_product *g = f->g;
  for (int r = 0; r < step->rows; r++) {
    const int64_t at = r * INTEGER_BLOCK_COLUMNS;
    int64_t *long_sums = f->space->partial + (step->m - f->m0) * INTEGER_BLOCK_COLUMNS + at;
    if (f->is_long) integer_add_long(sums + at, g->columns, !step->first, long_sums);
    if (!step->last) continue;
    const int64_t row = integer_row_term(f, step->m + r);
    int32_t *values = sums + at;
    if (f->is_long || f->adds_columns) values = f->space->tile + at, integer_values(f, step->m + r, row, sums + at, long_sums, values);
    integer_store_row(f, step->m + r, r, f->is_long ? 0 : (int32_t)(uint32_t)row, values);
    if (g->segment_count != 1 || g->segments[0].step != 1) integer_scatter_row(f, step->m + r, r);
  }
}

/* Packs the stretch's rows and sums them up where columns have zero points. */
static integer_rows integer_prepare_rows(const integer_sums *f, const integer_stretch *step) {
  const integer_rows rows = integer_pack_rows(f->g, f->form, step->m, step->rows, step->k0, step->depth, f->space);
  for (int r = 0; r < step->rows && f->of_columns.any; r++)
    f->space->row_sums[step->m - f->m0 + r] += integer_sum_row(f->form, rows.a + r * rows.row, step->depth);
  return rows;
}

static void integer_single_row(integer_sums *f, const integer_stretch *step) {
  int32_t *sums = integer_sums_of(f, step);
  const integer_rows rows = integer_prepare_rows(f, step);
  integer_row_stretch_sums(f->g, f->form, rows.a, step->k0, step->depth, f->of_rows.any, integer_continues(f, step), sums, f->space->column_sums);
  if (step->last) integer_prepare_finish(f);
  integer_finish_rows(f, step, sums);
}

static void integer_many_rows(integer_sums *f, integer_stretch *step, int64_t m1) {
  integer_pack_columns(f->g, f->form, step->k0, step->depth, f->space);
  if (f->of_rows.any) integer_sum_columns(f->g, f->form, step->groups, f->space);
  if (step->last) integer_prepare_finish(f);
  for (; step->m < m1; step->m += step->rows) {
    step->rows = (int)kernel_least(TILE_ROWS, m1 - step->m);
    int32_t *sums = integer_sums_of(f, step);
    integer_tile_sums(f, step, integer_prepare_rows(f, step), sums);
    integer_finish_rows(f, step, sums);
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
  const int is_row = integer_is_row(g, form, m0, m1);
  int64_t k0 = 0;
  do {
    const int64_t depth = kernel_least(integer_depth(form), g->k - k0);
    integer_stretch step = {.m = m0, .k0 = k0, .depth = depth, .groups = kernel_ceil_divide(depth, integer_span(form)), .rows = 1,
                            .first = k0 == 0, .last = k0 + depth == g->k};
    if (is_row) integer_single_row(&f, &step);
    else integer_many_rows(&f, &step, m1);
    k0 += depth;
  } while (k0 < g->k);
}
