/* Windows of convolutions as lines along k for integer_gemm.h. The part of x that a block of positions reads is copied channel by
 * channel, padded and sorted by the remainders of its rows and columns by the stride, so that what a tap reads for all the
 * block's positions lies in one line. Between the rows of a block lie positions that belong to none. */

/* Along each axis tap t of position o reads x[o * stride + first + t * step]; `low`: the least first + t * step. */
typedef struct {
  int64_t positions[3], stride[3], taps[3], first[3], step[3], low[3];
} integer_taps;

static void integer_finish_taps(integer_taps *t) {
  for (int axis = 0; axis < 3; axis++) t->low[axis] = t->first[axis] + kernel_least(0, t->step[axis] * (t->taps[axis] - 1));
}
KERNEL_INLINE int64_t integer_reach(const integer_taps *t, int axis) {
  return (t->step[axis] < 0 ? -t->step[axis] : t->step[axis]) * kernel_most(t->taps[axis] - 1, 0);
}
/* Remainders of rows or columns that are read, and by how much a line of one is longer than a block. */
KERNEL_INLINE int64_t integer_remainders(const integer_taps *t, int axis) {
  return kernel_least(t->stride[axis], integer_reach(t, axis) + 1);
}
KERNEL_INLINE int64_t integer_extra(const integer_taps *t, int axis) { return integer_reach(t, axis) / t->stride[axis]; }

/* How positions are cut into blocks, whole ones of which have `rows` times `columns`. */
typedef struct {
  int64_t rows, columns, down, across, count;
} integer_blocks;

static integer_blocks integer_blocks_of(const integer_taps *t) {
  integer_blocks b;
  b.across = kernel_ceil_divide(t->positions[2], INTEGER_BLOCK_COLUMNS);
  b.columns = kernel_ceil_divide(t->positions[2], b.across);
  const int64_t pitch = b.columns + integer_extra(t, 2);
  const int64_t most = b.across > 1 || pitch > INTEGER_BLOCK_COLUMNS ? 1 : (INTEGER_BLOCK_COLUMNS - b.columns) / pitch + 1;
  b.rows = kernel_most(1, kernel_least(t->positions[1], most));
  b.down = kernel_ceil_divide(t->positions[1], b.rows);
  b.across = kernel_ceil_divide(t->positions[2], b.columns);
  b.count = t->positions[0] * b.down * b.across;
  return b;
}

/* What a tap reads of a channel's strips for the first position of a block. */
typedef struct {
  int32_t strip, plane, row, column;
} integer_tap_place;
#define INTEGER_TABLE_TAPS 512

static integer_tap_place integer_tap_place_of(const integer_taps *t, int64_t tap) {
  const int64_t row = t->first[1] + tap / t->taps[2] % t->taps[1] * t->step[1] - t->low[1];
  const int64_t column = t->first[2] + tap % t->taps[2] * t->step[2] - t->low[2];
  return (integer_tap_place){(int32_t)(tap / t->taps[2] / t->taps[1]),
                             (int32_t)(row % t->stride[1] * integer_remainders(t, 2) + column % t->stride[2]),
                             (int32_t)(row / t->stride[1]), (int32_t)(column / t->stride[2])};
}
/* All of them, or NULL where they are too many. */
static const integer_tap_place *integer_tap_places_of(const integer_taps *t, integer_tap_place places[INTEGER_TABLE_TAPS]) {
  const int64_t count = t->taps[0] * t->taps[1] * t->taps[2];
  if (count > INTEGER_TABLE_TAPS) return NULL;
  for (int64_t tap = 0; tap < count; tap++) places[tap] = integer_tap_place_of(t, tap);
  return places;
}

/* One block, and the strips of x that it reads: [channel of a stretch][tap of axis 0][row remainder][column remainder][rows][pitch]. */
typedef struct {
  const integer_taps *taps;
  const void *x; /* the first channel */
  const void *zero;
  uint32_t element;
  int64_t in[3];
  kernel_ring ring; /* of x */
  int64_t start[3], rows, columns; /* the first position; how many */
  int64_t pitch, plane;            /* elements of a row and of a remainder of a strip */
  int64_t first_channel;           /* of the stretch */
  char *strips;
  const integer_tap_place *places; /* of all taps, or NULL where they are too many */
  int64_t k, channel, tap;         /* the line that comes next, if lines are taken in order */
} integer_window;

KERNEL_INLINE int64_t integer_all_taps(const integer_taps *t) { return t->taps[0] * t->taps[1] * t->taps[2]; }

static integer_window integer_window_of(const integer_taps *t, const integer_blocks *b, int64_t block) {
  integer_window w = {.taps = t};
  const int64_t column = block % b->across, row = block / b->across % b->down;
  w.start[0] = block / b->across / b->down, w.start[1] = row * b->rows, w.start[2] = column * b->columns;
  w.rows = kernel_least(b->rows, t->positions[1] - w.start[1]);
  w.columns = kernel_least(b->columns, t->positions[2] - w.start[2]);
  w.pitch = w.columns + integer_extra(t, 2);
  w.plane = (w.rows + integer_extra(t, 1)) * w.pitch;
  return w;
}

/* Bytes of the strips of one stretch of k, with what lines are read beyond their end. */
static size_t integer_strip_bytes(const integer_taps *t, integer_form form, uint32_t element) {
  if (t->positions[0] * t->positions[1] * t->positions[2] == 0 || integer_all_taps(t) == 0) return 64;
  const integer_blocks b = integer_blocks_of(t);
  const integer_window w = integer_window_of(t, &b, 0);
  const int64_t channels = integer_depth(form) / integer_all_taps(t) + 2;
  const int64_t elements = channels * t->taps[0] * integer_remainders(t, 1) * integer_remainders(t, 2) * w.plane;
  return (size_t)((elements + 2 * INTEGER_BLOCK_COLUMNS) * kernel_element_bytes(element) + 63) / 64 * 64;
}

/* y[i] = x[i * stride] of n bytes. */
static void integer_skip_bytes(const uint8_t *x, int64_t stride, int64_t n, uint8_t *y) {
  int64_t i = 0;
  for (; stride == 2 && i + INTEGER_CHUNK < n; i += INTEGER_CHUNK) {
    integer_chunk words;
    memcpy(&words, x + 2 * i, sizeof words);
    const integer_bytes bytes = __builtin_convertvector(words, integer_bytes);
    memcpy(y + i, &bytes, sizeof bytes);
  }
  for (; i < n; i++) y[i] = x[i * stride];
}

/* One row of a strip: x's elements from `offset` on, every stride'th, and zero points where there are none. row: NULL for none. */
static void integer_strip_row(const integer_window *w, const char *row, int64_t offset, char *y) {
  const int64_t stride = w->taps->stride[2], bytes = kernel_element_bytes(w->element);
  int64_t first = 0, end = 0;
  if (row != NULL) kernel_valid_range(offset, stride, w->in[2], w->pitch, &first, &end);
  if (bytes == 1) {
    const int zero = *(const uint8_t *)w->zero;
    memset(y, zero, (size_t)first);
    if (end > first && stride == 1) memcpy(y + first, row + first + offset, (size_t)(end - first));
    else if (end > first) integer_skip_bytes((const uint8_t *)row + first * stride + offset, stride, end - first, (uint8_t *)y + first);
    memset(y + end, zero, (size_t)(w->pitch - end));
    return;
  }
  const int16_t zero = *(const int16_t *)w->zero;
  const int16_t *source = (const int16_t *)(const void *)row;
  int16_t *target = (int16_t *)(void *)y;
  for (int64_t i = 0; i < first; i++) target[i] = zero;
  for (int64_t i = first; i < end; i++) target[i] = source[i * stride + offset];
  for (int64_t i = end; i < w->pitch; i++) target[i] = zero;
}

/* The strip of one channel and one tap of axis 0. */
static void integer_fill_strip(const integer_window *w, int64_t channel, int64_t tap, char *strip) {
  const integer_taps *t = w->taps;
  const int64_t bytes = kernel_element_bytes(w->element), depth = w->start[0] * t->stride[0] + t->first[0] + tap * t->step[0];
  const int64_t pitch = kernel_ring_pitch(&w->ring, w->in[1]);
  const char *slice = (const char *)w->x + (channel * w->in[0] + depth) * pitch * w->in[2] * bytes;
  for (int64_t row_rest = 0; row_rest < integer_remainders(t, 1); row_rest++) {
    for (int64_t column_rest = 0; column_rest < integer_remainders(t, 2); column_rest++) {
      const int64_t offset = w->start[2] * t->stride[2] + t->low[2] + column_rest;
      for (int64_t r = 0; r * w->pitch < w->plane; r++, strip += w->pitch * bytes) {
        const int64_t place = (w->start[1] + r) * t->stride[1] + t->low[1] + row_rest;
        const int inside = depth >= 0 && depth < w->in[0] && place >= 0 && place < w->in[1];
        integer_strip_row(w, inside ? slice + kernel_ring_place(&w->ring, pitch, place) * w->in[2] * bytes : NULL, offset, strip);
      }
    }
  }
}

KERNEL_INLINE int64_t integer_strip(const integer_window *w) {
  return integer_remainders(w->taps, 1) * integer_remainders(w->taps, 2) * w->plane;
}

static void integer_prepare_window(const integer_product *g, int64_t k0, int64_t depth) {
  integer_window *w = g->source;
  const int64_t all = integer_all_taps(w->taps), bytes = kernel_element_bytes(w->element);
  w->first_channel = k0 / all;
  char *strip = w->strips;
  for (int64_t channel = w->first_channel; channel * all < k0 + depth; channel++)
    for (int64_t tap = 0; tap < w->taps->taps[0]; tap++, strip += integer_strip(w) * bytes) integer_fill_strip(w, channel, tap, strip);
}

static const void *integer_window_line(const integer_product *g, int64_t k, void *buffer) {
  integer_window *w = g->source;
  const integer_taps *t = w->taps;
  (void)buffer;
  const int64_t all = integer_all_taps(t);
  if (k != w->k) w->k = k, w->channel = k / all, w->tap = k % all;
  const integer_tap_place place = w->places != NULL ? w->places[w->tap] : integer_tap_place_of(t, w->tap);
  const int64_t strip = (w->channel - w->first_channel) * t->taps[0] + place.strip;
  const int64_t element = strip * integer_strip(w) + place.plane * w->plane + place.row * w->pitch + place.column;
  w->k++;
  if (++w->tap == all) w->tap = 0, w->channel++;
  return w->strips + element * kernel_element_bytes(w->element);
}

/* Where the positions of a block lie in y: the first one, and how far apart its rows and columns are. */
typedef struct {
  const kernel_ring *ring;
  int64_t rows, width; /* of a plane of y */
  int64_t plane, row, column;
  int64_t row_step, column_step;
} integer_place;

static int64_t integer_window_segments(const integer_window *w, const integer_place *y, integer_segment *segments) {
  const int packed = y->column_step == 1 && y->row_step == 1 && w->pitch == w->columns && w->columns == y->width;
  const int64_t run = packed ? kernel_ring_run(y->ring, y->row, w->rows) : 1;
  const int is_one = run == w->rows;
  for (int64_t r = 0; r < (is_one ? 1 : w->rows); r++) {
    const int64_t first = kernel_ring_row(y->ring, y->rows, y->plane, y->row + r * y->row_step) * y->width + y->column;
    segments[r] = (integer_segment){r * w->pitch, is_one ? (w->rows - 1) * w->pitch + w->columns : w->columns, first, y->column_step};
  }
  return is_one ? 1 : w->rows;
}
