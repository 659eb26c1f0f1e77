/* ELEMENTWISE: rules and kernel arguments. */
#include "../rows.h"

/* `domains` has that of each register defined so far, 0 for an input that no step has read. */
static ingot_status check_step(const ingot_op *op, uint32_t s, const ingot_step *step, uint32_t *domains) {
  REQUIRE(op, step->domain == INGOT_F32 || step->domain == INGOT_I64, "step %u has domain %lld, expected %d or %d (f32 or i64)", s,
          (long long)step->domain, INGOT_F32, INGOT_I64);
  const uint32_t domain = (uint32_t)step->domain;
  const bool known = step->function > 0 && step->function <= UINT32_MAX;
  const unsigned arity = known ? ingot_function_arity((uint32_t)step->function) : 0;
  const uint32_t result = arity == 0 ? 0 : ingot_function_result((uint32_t)step->function, domain);
  REQUIRE(op, result != 0, "step %u has function %lld, which domain %s does not have", s, (long long)step->function,
          ingot_element_text(domain));
  const int64_t sources[3] = {step->a, step->b, step->c};
  for (unsigned k = 0; k < 3; k++) {
    const int64_t source = sources[k];
    REQUIRE(op, k < arity ? source >= 0 && source < op->inputs + s : source == 0,
            "step %u reads register %lld, which is not defined before it", s, (long long)source);
    if (k >= arity) continue;
    if (domains[source] == 0) domains[source] = domain;
    REQUIRE(op, domains[source] == domain, "step %u computes in domain %s and reads register %lld, which holds %s", s,
            ingot_element_text(domain), (long long)source, ingot_element_text(domains[source]));
  }
  domains[op->inputs + s] = result;
  return INGOT_OK;
}

static ingot_status check_elementwise(const ingot_op *op) {
  const ingot_elementwise_step *steps = op->tail;
  CHECK(ingot_expect_all_inputs(op));
  for (uint32_t i = 0; i < op->inputs; i++)
    REQUIRE(op, ingot_broadcasts(op->x[i], op->y), "input %u does not broadcast to the result's shape", i);
  uint32_t domains[INGOT_MAX_ELEMENTWISE_INPUTS + INGOT_MAX_ELEMENTWISE_STEPS] = {0};
  for (uint32_t s = 0; s < op->tail_count; s++) CHECK(check_step(op, s, &steps[s].step, domains));
  return INGOT_OK;
}

static void prepare_input(const ingot_preparation *p, uint32_t k, ingot_rows rows, kernel_elementwise *arguments) {
  const ingot_tensor *x = prepared_input(p, k);
  arguments->x[k] = ingot_row_address(p, x, rows);
  arguments->x_element[k] = x->element;
  ingot_prepare_broadcast(x, p->y, arguments->strides[k]);
}

static int prepare_elementwise(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_elementwise_step *steps = p->tail;
  kernel_elementwise *arguments = &all->elementwise;
  const ingot_rows rows = ingot_part_rows(p, p->part);
  *arguments = (kernel_elementwise){.y = ingot_row_address(p, p->y, rows), .y_element = p->y->element,
                                    .inputs = p->instruction->input_count,
                                    .steps = (uint32_t)(p->instruction->attribute_count * sizeof(uint64_t) / sizeof *steps),
                                    .rank = p->y->rank};
  for (uint32_t i = 0; i < p->y->rank; i++) arguments->dims[i] = i + 2 == p->y->rank ? rows.count : p->y->dims[i];
  for (uint32_t k = 0; k < arguments->inputs; k++) prepare_input(p, k, rows, arguments);
  ingot_prepare_broadcast(p->y, p->y, arguments->strides[arguments->inputs]);
  for (uint32_t s = 0; s < arguments->steps; s++) {
    const ingot_step *step = &steps[s].step;
    const uint32_t function = (uint32_t)step->function;
    const uint8_t domain = (uint8_t)step->domain;
    const uint32_t sources[3] = {(uint32_t)step->a, (uint32_t)step->b, (uint32_t)step->c};
    arguments->step[s] = (kernel_step){function, domain, (uint8_t)ingot_function_result(function, domain), sources[0], sources[1],
                                       sources[2], step->p0.real, step->p1.real, step->p0.integer, step->p1.integer};
    for (unsigned k = 0; k < ingot_function_arity(function); k++)
      if (sources[k] < arguments->inputs) arguments->x_domain[sources[k]] = domain;
  }
  kernel_elementwise_merge(arguments);
  return KERNEL_elementwise;
}

const ingot_facts ingot_elementwise_facts = {
    .results = 1, .required = 1, .most = INGOT_MAX_ELEMENTWISE_INPUTS, .in_place = INGOT_ALL_INPUTS,
    .windows = INGOT_WINDOW_ALL, .tasks = ingot_row_parts, .check = check_elementwise, .prepare = prepare_elementwise};
