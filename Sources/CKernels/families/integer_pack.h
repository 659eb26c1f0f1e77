/* Packing of an integer product's factors: a stretch of B in panels, rows of A for one tile, and their sums. */

/* A line of B as wide factors. */
static void integer_widen_line(const integer_product *g, const void *line, int16_t *y) {
  const int moves = g->b_element != INGOT_I16;
  integer_widen(line, g->b_element, g->columns,
                moves && !g->b_zero_per_column ? (int16_t)kernel_load_integer(g->b_zero, g->b_element, 0) : 0, y);
  for (int64_t j = 0; moves && g->b_zero_per_column && j < g->columns; j++)
    y[j] = (int16_t)(y[j] - kernel_load_integer(g->b_zero, g->b_element, g->first_column + j));
}

#if INTEGER_HAS_NARROW
/* Narrow groups of n columns from groups of four, of which the next lies `row` bytes further; moved by 128 where `flip` is 0x80, each
 * PANEL of them `distance` after the last. */
static void integer_copy_groups(const uint8_t *x, int64_t row, int64_t n, int flip, int64_t distance, int32_t *y) {
  const vi move = v_set_int((int32_t)(0x01010101u * (uint32_t)flip));
  for (int64_t j = 0; j < n; j += PANEL, y += distance) {
    const size_t bytes = 4 * (size_t)kernel_least(PANEL, n - j);
    int32_t groups[INTEGER_NARROW_SPAN / 4][PANEL] = {{0}};
    for (int i = 0; i < INTEGER_NARROW_SPAN / 4; i++) {
      if (bytes == sizeof groups[i]) memcpy(groups[i], x + i * row + 4 * j, sizeof groups[i]);
      else memcpy(groups[i], x + i * row + 4 * j, bytes);
    }
#ifdef KERNEL_USES_I8MM
    for (int i = 0; i < PANEL; i++) y[2 * i] = groups[0][i] ^ move[0], y[2 * i + 1] = groups[1][i] ^ move[0];
#else
    for (int v = 0; v < PANEL; v += LANES) vi_store(y + v, vi_load(groups[0] + v) ^ move);
#endif
  }
}
#endif

/* A stretch of B in panels. What lies beyond its end along k is 0. */
static void integer_pack_columns(const integer_product *g, integer_form form, int64_t k0, int64_t depth, const integer_space *space) {
  const int64_t span = integer_span(form), groups = kernel_ceil_divide(depth, span);
  if (g->prepare != NULL && depth > 0) g->prepare(g, k0, depth);
  for (int64_t group = 0; group < groups; group++) {
    int32_t *target = space->panels + group * PANEL * integer_words(form);
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
      if (g->groups != NULL && count == span) {
        integer_copy_groups(g->groups + k / 4 * g->group_row, g->group_row, g->columns, flip, groups * PANEL * integer_words(form), target);
        continue;
      }
      const uint8_t *line[INTEGER_NARROW_SPAN];
      for (int64_t i = 0; i < span; i++) {
        uint8_t *buffer = space->lines + i * INTEGER_BLOCK_COLUMNS;
        if (i < count) line[i] = g->line(g, k + i, buffer);
        else line[i] = memset(buffer, flip, INTEGER_BLOCK_COLUMNS);
      }
      for (int64_t j = 0; j < g->columns; j += PANEL) integer_interleave_narrow(line, j, flip, target + j * groups * integer_words(form));
    }
#endif
  }
}

/* column_sums += the sums of a stretch's factors. */
static void integer_sum_columns(const integer_product *g, integer_form form, int64_t groups, const integer_space *space) {
  const int16_t words[2] = {1, 1};
  const int8_t bytes[4] = {1, 1, 1, 1};
  const vi ones = form == INTEGER_NARROW ? integer_group(bytes) : integer_group(words);
#ifdef KERNEL_USES_I8MM
  uint8_t row[INTEGER_MAX_DEPTH];
  int32_t tile[PANEL];
  memset(row, 1, sizeof row);
  for (int64_t j = 0; j < g->columns && form == INTEGER_NARROW; j += PANEL) {
    integer_tiles[form][0][TILE_VECTORS - 1](groups, row, 0, space->panels + j * groups * integer_words(form), tile, PANEL, 0);
    for (int i = 0; i < PANEL; i++) space->column_sums[j + i] += tile[i];
  }
  if (form == INTEGER_NARROW) return;
#endif
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
  const int64_t whole = depth / INTEGER_CHUNK * INTEGER_CHUNK, rest = depth - whole, span = integer_span(form);
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
  if (form == INTEGER_NARROW && g->row == NULL && g->a_element == INGOT_I8 && depth % integer_span(form) == 0)
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

