/* Matrix products, reductions, normalization and movement against their definitions. */
#include "opcase.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t floats[3] = {INGOT_F32, INGOT_F16, INGOT_BF16};
static const uint8_t all_elements[9] = {INGOT_F32, INGOT_F16, INGOT_BF16, INGOT_I8, INGOT_U8, INGOT_I16, INGOT_I32, INGOT_I64, INGOT_BOOL};

static void place_of(int64_t index, const builder_type *type, int64_t *place) {
  for (int i = type->rank; i-- > 0; index /= type->dims[i]) place[i] = index % type->dims[i];
}
static int64_t index_of(const int64_t *place, const builder_type *type) {
  int64_t index = 0;
  for (int i = 0; i < type->rank; i++) index = index * type->dims[i] + place[i];
  return index;
}

static void matmul_case(int64_t m, int64_t n, int64_t k, int transpose_a, int transpose_b, int bias, const uint8_t elements[4],
                        uint64_t seed) {
  opcase c = {.name = "matmul", .opcode = INGOT_OP_MATMUL, .input_count = 3, .tolerance = 4e-6};
  const int batches = (int)(seed % 4);
  /* none; of a alone; of both; crossed */
  const int64_t a_batch[4][2] = {{1, 1}, {2, 3}, {2, 3}, {2, 1}}, b_batch[4][2] = {{1, 1}, {1, 1}, {2, 3}, {1, 3}};
  const int a_rank = batches == 0 ? 2 : 4, b_rank = batches <= 1 ? 2 : 4;
  builder_type a = {elements[0], (uint8_t)a_rank, {0}}, b = {elements[1], (uint8_t)b_rank, {0}}, y = {elements[3], 0, {0}};
  for (int i = 0; i < a_rank - 2; i++) a.dims[i] = a_batch[batches][i];
  for (int i = 0; i < b_rank - 2; i++) b.dims[i] = b_batch[batches][i];
  a.dims[a_rank - 2] = transpose_a ? k : m, a.dims[a_rank - 1] = transpose_a ? m : k;
  b.dims[b_rank - 2] = transpose_b ? n : k, b.dims[b_rank - 1] = transpose_b ? k : n;
  y.rank = (uint8_t)a_rank;
  const int64_t outer = batches == 0 ? 1 : 2, inner = batches == 0 ? 1 : 3;
  if (batches != 0) y.dims[0] = 2, y.dims[1] = 3;
  y.dims[y.rank - 2] = m, y.dims[y.rank - 1] = n;
  c.inputs[0] = array_random(a, &seed, -1, 1);
  c.inputs[1] = array_random(b, &seed, -1, 1);
  if (bias == 1) c.inputs[2] = array_random(type_of(elements[2], 1, (int)n), &seed, -1, 1);
  if (bias == 2) c.inputs[2] = array_random(type_of(elements[2], 2, (int)m, 1), &seed, -1, 1);
  c.expected = array_create(y);
  for (int64_t o = 0; o < outer; o++) {
    for (int64_t q = 0; q < inner; q++) {
      const int64_t in_a = batches == 0 ? 0 : batches == 3 ? o : o * 3 + q, in_b = batches <= 1 ? 0 : batches == 3 ? q : o * 3 + q;
      for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
          double sum = bias == 0 ? 0 : c.inputs[2].values[bias == 1 ? j : i];
          for (int64_t l = 0; l < k; l++)
            sum += c.inputs[0].values[in_a * m * k + (transpose_a ? l * m + i : i * k + l)] *
                   c.inputs[1].values[in_b * n * k + (transpose_b ? j * k + l : l * n + j)];
          c.expected.values[((o * inner + q) * m + i) * n + j] = sum < 0 ? (double)0.1f * sum : sum;
        }
      }
    }
  }
  CASE_ATTRIBUTES(&c, ingot_matmul_attributes, .transpose_a = transpose_a, .transpose_b = transpose_b,
                  .activation = {INGOT_FN_LEAKY_RELU, 0.1, 0});
  opcase_run(&c);
}

static void matmuls(void) {
  uint64_t seed = 1;
  const int64_t sizes[][3] = {{1, 1, 1}, {1, 100, 37}, {2, 33, 400}, {3, 65, 900}, {4, 5, 16}, {5, 17, 3}, {13, 49, 32}, {24, 31, 70},
                              {49, 49, 16}, {7, 130, 12}, {100, 40, 400}, {6, 1, 50}, {3, 4, 0}, {33, 257, 9}};
  for (unsigned s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    for (int t = 0; t < 4; t++) {
      uint8_t elements[4] = {INGOT_F32, INGOT_F32, INGOT_F32, INGOT_F32};
      if (t == 3 || s % 3 == 2) for (int i = 0; i < 4; i++) elements[i] = floats[random_below(&seed, 3)];
      matmul_case(sizes[s][0], sizes[s][1], sizes[s][2], t & 1, t >> 1, (int)random_below(&seed, 3), elements, random_next(&seed));
    }
  }
}

static double reduce(int kind, const double *x, int64_t n) {
  double sum = 0, product = 1, most = -INFINITY, least = INFINITY, absolute = 0, squares = 0, exponentials = 0;
  for (int64_t i = 0; i < n; i++) {
    sum += x[i], product *= x[i], absolute += fabs(x[i]), squares += x[i] * x[i], exponentials += exp(x[i]);
    most = fmax(most, x[i]), least = fmin(least, x[i]);
  }
  const double results[] = {
    [INGOT_REDUCE_SUM] = sum, [INGOT_REDUCE_MEAN] = sum / (double)n, [INGOT_REDUCE_MAX] = most, [INGOT_REDUCE_MIN] = least,
    [INGOT_REDUCE_PROD] = product, [INGOT_REDUCE_L1] = absolute, [INGOT_REDUCE_L2] = sqrt(squares),
    [INGOT_REDUCE_SUM_SQUARE] = squares, [INGOT_REDUCE_LOG_SUM] = log(sum), [INGOT_REDUCE_LOG_SUM_EXP] = log(exponentials),
  };
  return results[kind];
}

static builder_type without(builder_type type, uint64_t mask) {
  builder_type kept = {type.element, 0, {0}};
  for (int i = 0; i < type.rank; i++) {
    if ((mask >> i & 1) == 0) kept.dims[kept.rank++] = type.dims[i];
  }
  return kept;
}

static void reductions(void) {
  uint64_t seed = 9;
  for (int n = 0; n < 160; n++) {
    const int kind = n % 10;
    opcase c = {.name = "reduce", .opcode = INGOT_OP_REDUCE, .input_count = 1, .tolerance = 4e-6};
    const bool integer = kind <= INGOT_REDUCE_PROD && n % 4 == 3;
    builder_type x = type_of(integer ? (n % 8 == 3 ? INGOT_I64 : INGOT_I32) : floats[n / 10 % 3], 4, 1 + (int)random_below(&seed, 4),
                             1 + (int)random_below(&seed, 40), 1 + (int)random_below(&seed, 5), 1 + (int)random_below(&seed, 90));
    const uint64_t mask = (uint64_t)random_below(&seed, 16);
    if (kind == INGOT_REDUCE_PROD) x.dims[1] = 2, x.dims[3] = 3;
    if (n >= 150) x.dims[2] = 0;
    c.inputs[0] = array_random(x, &seed, kind == INGOT_REDUCE_LOG_SUM ? 0.1 : integer && kind == INGOT_REDUCE_PROD ? -3 : -1, integer ? 3 : 1);
    builder_type y = without(x, mask);
    if (!integer) y.element = floats[n / 7 % 3];
    c.expected = array_create(y);
    double *space = malloc(sizeof(double) * (size_t)(type_count(x) + 1));
    for (int64_t i = 0; i < type_count(y); i++) {
      int64_t count = 0, place[8];
      for (int64_t j = 0; j < type_count(x); j++) {
        int64_t kept[8], rank = 0;
        place_of(j, &x, place);
        for (int d = 0; d < 4; d++)
          if ((mask >> d & 1) == 0) kept[rank++] = place[d];
        if (index_of(kept, &y) == i) space[count++] = c.inputs[0].values[j];
      }
      double expected = reduce(kind, space, count);
      if (integer && kind == INGOT_REDUCE_MEAN) expected = count == 0 ? 0 : trunc(expected);
      if (integer && count == 0 && kind == INGOT_REDUCE_MAX) expected = x.element == INGOT_I32 ? (double)INT32_MIN : (double)INT64_MIN;
      if (integer && count == 0 && kind == INGOT_REDUCE_MIN) expected = x.element == INGOT_I32 ? (double)INT32_MAX : (double)INT64_MAX;
      c.expected.values[i] = expected;
    }
    free(space);
    CASE_ATTRIBUTES(&c, ingot_reduce_attributes, kind, (int64_t)mask);
    opcase_run(&c);
  }
}

static builder_type random_type(uint64_t *seed, uint8_t element, int rank) {
  builder_type type = {element, (uint8_t)rank, {0}};
  for (int i = 0; i < rank; i++) type.dims[i] = 1 + random_below(seed, rank == 1 ? 700 : rank == 2 ? 60 : 12);
  return type;
}

/* Along one axis: outer, extent, inner. */
static void axis_parts(const builder_type *type, int axis, int64_t *outer, int64_t *extent, int64_t *inner) {
  *outer = *inner = 1;
  for (int i = 0; i < axis; i++) *outer *= type->dims[i];
  for (int i = axis + 1; i < type->rank; i++) *inner *= type->dims[i];
  *extent = type->dims[axis];
}

static void along_axes(void) {
  uint64_t seed = 21;
  for (int n = 0; n < 80; n++) {
    const int rank = 1 + n % 4, axis = (int)random_below(&seed, rank);
    const builder_type x = random_type(&seed, floats[n / 4 % 3], rank);
    builder_type y = x;
    y.element = floats[n / 5 % 3];
    int64_t outer, extent, inner;
    axis_parts(&x, axis, &outer, &extent, &inner);
    opcase softmax = {.name = "softmax", .opcode = INGOT_OP_SOFTMAX, .input_count = 1, .tolerance = 2e-6};
    opcase norm = {.name = "lp norm", .opcode = INGOT_OP_LP_NORM, .input_count = 1, .tolerance = 2e-6};
    opcase sum = {.name = "cumsum", .opcode = INGOT_OP_CUMSUM, .input_count = 1, .tolerance = 4e-6};
    opcase arg = {.name = "arg_reduce", .opcode = INGOT_OP_ARG_REDUCE, .input_count = 1};
    CASE_ATTRIBUTES(&softmax, ingot_softmax_attributes, .axis = axis, .log = n % 2);
    CASE_ATTRIBUTES(&norm, ingot_lp_norm_attributes, .axis = axis, .order = n % 2 + 1);
    CASE_ATTRIBUTES(&sum, ingot_cumsum_attributes, .axis = axis, .exclusive = n % 2, .reverse = n / 2 % 2);
    CASE_ATTRIBUTES(&arg, ingot_arg_reduce_attributes, .order = n % 2 == 1 ? INGOT_ORDER_SMALLEST : INGOT_ORDER_LARGEST,
                    .axis = axis, .last = n / 2 % 2);
    uint64_t same = seed;
    opcase *cases[3] = {&softmax, &norm, &sum};
    for (int i = 0; i < 3; i++) {
      same = seed;
      cases[i]->inputs[0] = array_random(x, &same, -3, 3);
      cases[i]->expected = array_create(y);
    }
    builder_type small = x;
    small.element = all_elements[n % 8];
    arg.inputs[0] = array_random(small, &same, small.element == INGOT_U8 ? 0 : -4, 4);
    for (int64_t i = 0; i < type_count(small); i++) arg.inputs[0].values[i] = trunc(arg.inputs[0].values[i]);
    arg.expected = array_create(without(x, 1u << axis));
    arg.expected.type.element = n % 3 == 0 ? INGOT_I32 : INGOT_I64;
    const bool exclusive = n % 2, reverse = n / 2 % 2, least = n % 2, last = n / 2 % 2;
    for (int64_t o = 0; o < outer; o++) {
      for (int64_t j = 0; j < inner; j++) {
        const int64_t base = o * extent * inner + j;
        double most = -INFINITY, total = 0, absolute = 0, running = 0;
        const double *v = softmax.inputs[0].values, *a = arg.inputs[0].values;
        for (int64_t i = 0; i < extent; i++) most = fmax(most, v[base + i * inner]);
        for (int64_t i = 0; i < extent; i++) {
          total += exp(v[base + i * inner] - most);
          absolute += n % 2 == 0 ? fabs(v[base + i * inner]) : v[base + i * inner] * v[base + i * inner];
        }
        if (n % 2 == 1) absolute = sqrt(absolute);
        int64_t best = 0;
        for (int64_t i = 0; i < extent; i++) {
          const int64_t at = base + i * inner, at_sum = base + (reverse ? extent - 1 - i : i) * inner;
          softmax.expected.values[at] = n % 2 == 1 ? v[at] - most - log(total) : exp(v[at] - most) / total;
          norm.expected.values[at] = absolute == 0 ? 0 : v[at] / absolute;
          if (!exclusive) running += v[at_sum];
          sum.expected.values[at_sum] = running;
          if (exclusive) running += v[at_sum];
          const double value = a[at], old = a[base + best * inner];
          if ((least ? value < old : value > old) || (last && value == old)) best = i;
        }
        arg.expected.values[o * inner + j] = (double)best;
      }
    }
    opcase_run(&softmax);
    opcase_run(&norm);
    opcase_run(&sum);
    opcase_run(&arg);
    seed = same;
  }
}

static void normalizations(void) {
  uint64_t seed = 4;
  for (int n = 0; n < 60; n++) {
    const bool rms = n % 3 == 1, grouped = n % 3 == 2;
    const int rank = grouped ? 2 + n % 3 : 1 + n % 4;
    builder_type x = random_type(&seed, floats[n / 3 % 3], rank);
    const int64_t groups = 1 + random_below(&seed, 4);
    int64_t p = grouped ? groups : random_below(&seed, rank);
    if (grouped) x.dims[1] = groups * (1 + random_below(&seed, 4));
    opcase c = {.name = "normalize", .opcode = grouped ? INGOT_OP_GROUP_NORM : INGOT_OP_NORMALIZE, .input_count = 3,
                .tolerance = 4e-6};
    if (grouped) CASE_ATTRIBUTES(&c, ingot_group_norm_attributes, .groups = groups, .epsilon = 1e-3);
    else CASE_ATTRIBUTES(&c, ingot_normalize_attributes, .kind = rms ? INGOT_NORM_RMS : INGOT_NORM_LAYER, .axis = p, .epsilon = 1e-3);
    c.inputs[0] = array_random(x, &seed, -1, 3);
    builder_type affine = {floats[n / 2 % 3], 1, {x.rank > 1 ? x.dims[1] : 0}};
    if (!grouped) {
      affine.rank = (uint8_t)(rank - p);
      for (int i = 0; i < affine.rank; i++) affine.dims[i] = x.dims[p + i];
    }
    if (n % 4 != 1) c.inputs[1] = array_random(affine, &seed, 0.5, 2);
    if (n % 4 != 2) c.inputs[2] = array_random(affine, &seed, -1, 1);
    builder_type y = x;
    y.element = floats[n / 5 % 3];
    c.expected = array_create(y);
    int64_t inner = 1, extent = 1;
    for (int i = 2; i < rank; i++) inner *= x.dims[i];
    for (int64_t i = p; i < rank && !grouped; i++) extent *= x.dims[i];
    if (grouped) extent = x.dims[1] / groups * inner;
    for (int64_t start = 0; start < type_count(x); start += extent) {
      double mean = 0, variance = 0;
      const double *v = c.inputs[0].values + start;
      for (int64_t i = 0; i < extent && !rms; i++) mean += v[i] / (double)extent;
      for (int64_t i = 0; i < extent; i++) variance += (v[i] - mean) * (v[i] - mean) / (double)extent;
      for (int64_t i = 0; i < extent; i++) {
        const int64_t place = grouped ? (start + i) / inner % x.dims[1] : i;
        double value = (v[i] - mean) / sqrt(variance + 1e-3);
        if (c.inputs[1].values != NULL) value *= c.inputs[1].values[place];
        if (c.inputs[2].values != NULL) value += c.inputs[2].values[place];
        c.expected.values[start + i] = value;
      }
    }
    opcase_run(&c);
  }
}

static void transposes_and_slices(void) {
  uint64_t seed = 8;
  for (int n = 0; n < 80; n++) {
    const int rank = (int)random_below(&seed, 6);
    const builder_type x = random_type(&seed, all_elements[n % 9], rank);
    opcase turn = {.name = "transpose", .opcode = INGOT_OP_TRANSPOSE, .input_count = 1};
    opcase cut = {.name = "slice", .opcode = INGOT_OP_SLICE, .input_count = 1};
    uint64_t same = seed;
    turn.inputs[0] = array_random(x, &same, 0, 100);
    same = seed;
    cut.inputs[0] = array_random(x, &same, 0, 100);
    seed = same;
    builder_type turned = x, sliced = x;
    int permutation[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    for (int i = rank - 1; i > 0; i--) {
      const int j = (int)random_below(&seed, i + 1), kept = permutation[i];
      permutation[i] = permutation[j], permutation[j] = kept;
    }
    int64_t start[8], step[8];
    for (int i = 0; i < rank; i++) {
      turned.dims[i] = x.dims[permutation[i]];
      CASE_ATTRIBUTES(&turn, ingot_transpose_axis, permutation[i]);
      step[i] = random_below(&seed, 3) == 0 ? 1 : random_below(&seed, 7) - 3;
      if (step[i] == 0) step[i] = 1;
      start[i] = random_below(&seed, x.dims[i]);
      const int64_t room = (step[i] > 0 ? x.dims[i] - 1 - start[i] : start[i]) / (step[i] > 0 ? step[i] : -step[i]);
      sliced.dims[i] = n % 16 == 15 ? 0 : 1 + random_below(&seed, room + 1);
      CASE_ATTRIBUTES(&cut, ingot_slice_axis, start[i], step[i]);
    }
    turn.expected = array_create(turned);
    cut.expected = array_create(sliced);
    int64_t place[8], source[8];
    for (int64_t i = 0; i < type_count(turned); i++) {
      place_of(i, &turned, place);
      for (int d = 0; d < rank; d++) source[permutation[d]] = place[d];
      turn.expected.values[i] = turn.inputs[0].values[index_of(source, &x)];
    }
    for (int64_t i = 0; i < type_count(sliced); i++) {
      place_of(i, &sliced, place);
      for (int d = 0; d < rank; d++) source[d] = start[d] + place[d] * step[d];
      cut.expected.values[i] = cut.inputs[0].values[index_of(source, &x)];
    }
    opcase_run(&turn);
    opcase_run(&cut);
  }
}

static void pads_and_concats(void) {
  uint64_t seed = 31;
  for (int n = 0; n < 60; n++) {
    const int rank = 1 + n % 4, mode = n % 4;
    const builder_type x = random_type(&seed, all_elements[n % 9], rank);
    opcase c = {.name = "pad", .opcode = INGOT_OP_PAD, .input_count = 1};
    c.inputs[0] = array_random(x, &seed, 0, 100);
    const bool real = x.element <= INGOT_BF16;
    const double constant = x.element == INGOT_BOOL ? 1 : real ? 2.5 : 77;
    if (real) CASE_ATTRIBUTES(&c, ingot_pad_attributes, mode, {.real = constant});
    else CASE_ATTRIBUTES(&c, ingot_pad_attributes, mode, {.integer = (int64_t)constant});
    builder_type y = x;
    int64_t begin[8];
    for (int i = 0; i < rank; i++) {
      const int64_t limit = mode == INGOT_PAD_REFLECT ? x.dims[i] : 9;
      begin[i] = random_below(&seed, limit) - random_below(&seed, x.dims[i]);
      int64_t end = random_below(&seed, limit) - random_below(&seed, x.dims[i]);
      if (x.dims[i] + begin[i] + end < 1) begin[i] = 0, end = 0;
      y.dims[i] = x.dims[i] + begin[i] + end;
      CASE_ATTRIBUTES(&c, ingot_pad_axis, begin[i]);
    }
    c.expected = array_create(y);
    for (int64_t i = 0; i < type_count(y); i++) {
      int64_t place[8];
      bool outside = false;
      place_of(i, &y, place);
      for (int d = 0; d < rank; d++) {
        const int64_t extent = x.dims[d];
        int64_t at = place[d] - begin[d];
        if (at < 0 || at >= extent) {
          outside = true;
          if (mode == INGOT_PAD_REFLECT) at = at < 0 ? -at : 2 * (extent - 1) - at;
          if (mode == INGOT_PAD_EDGE) at = at < 0 ? 0 : extent - 1;
          if (mode == INGOT_PAD_WRAP) at = (at % extent + extent) % extent;
        }
        place[d] = at;
      }
      c.expected.values[i] = outside && mode == INGOT_PAD_CONSTANT ? constant : c.inputs[0].values[index_of(place, &x)];
    }
    opcase_run(&c);

    opcase join = {.name = "concat", .opcode = INGOT_OP_CONCAT, .input_count = 1 + (uint32_t)(n % 3)};
    const int axis = (int)random_below(&seed, rank);
    builder_type joined = x;
    joined.dims[axis] = 0;
    CASE_ATTRIBUTES(&join, ingot_concat_attributes, axis);
    for (uint32_t k = 0; k < join.input_count; k++) {
      builder_type part = x;
      part.dims[axis] = random_below(&seed, 5);
      joined.dims[axis] += part.dims[axis];
      join.inputs[k] = array_random(part, &seed, 0, 100);
    }
    join.expected = array_create(joined);
    int64_t before = 0;
    for (uint32_t k = 0; k < join.input_count; k++) {
      for (int64_t i = 0; i < type_count(join.inputs[k].type); i++) {
        int64_t place[8];
        place_of(i, &join.inputs[k].type, place);
        place[axis] += before;
        join.expected.values[index_of(place, &joined)] = join.inputs[k].values[i];
      }
      before += join.inputs[k].type.dims[axis];
    }
    opcase_run(&join);
  }
}

static void gathers(void) {
  uint64_t seed = 41;
  for (int n = 0; n < 40; n++) {
    const int rank = 1 + n % 3, axis = (int)random_below(&seed, rank), index_rank = n % 4;
    const builder_type x = random_type(&seed, all_elements[n % 9], rank);
    const builder_type indices = random_type(&seed, n % 2 == 0 ? INGOT_I64 : INGOT_I32, index_rank);
    opcase c = {.name = "gather", .opcode = INGOT_OP_GATHER, .input_count = 2};
    CASE_ATTRIBUTES(&c, ingot_gather_attributes, axis);
    c.inputs[0] = array_random(x, &seed, 0, 100);
    c.inputs[1] = array_create(indices);
    for (int64_t i = 0; i < type_count(indices); i++)
      c.inputs[1].values[i] = (double)(random_below(&seed, 2 * x.dims[axis]) - x.dims[axis]);
    builder_type y = {x.element, 0, {0}};
    for (int i = 0; i < axis; i++) y.dims[y.rank++] = x.dims[i];
    for (int i = 0; i < index_rank; i++) y.dims[y.rank++] = indices.dims[i];
    for (int i = axis + 1; i < rank; i++) y.dims[y.rank++] = x.dims[i];
    c.expected = array_create(y);
    int64_t outer, extent, inner;
    axis_parts(&x, axis, &outer, &extent, &inner);
    const int64_t count = type_count(indices);
    for (int64_t i = 0; i < outer * count * inner; i++) {
      int64_t at = (int64_t)c.inputs[1].values[i / inner % count];
      if (at < 0) at += extent;
      c.expected.values[i] = c.inputs[0].values[(i / inner / count * extent + at) * inner + i % inner];
    }
    opcase_run(&c);
  }
}

void test_opcodes(void) {
  matmuls();
  reductions();
  along_axes();
  normalizations();
  transposes_and_slices();
  pads_and_concats();
  gathers();
}
