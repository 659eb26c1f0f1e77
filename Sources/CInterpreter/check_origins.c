/* Rules for the origins of instructions. Tools read them from the file; a run has no use for them. */
#include "internal.h"

static ingot_status check_calls(const ingot_checker *c, const ingot_origin_call *calls, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    const ingot_origin_call *call = &calls[i];
    INGOT_REQUIRE(c, call->caller == INGOT_NONE || call->caller < i, "call %u of the origins lies in call %u, no earlier one", i,
                  call->caller);
    INGOT_REQUIRE(c, call->function < c->bundle->function_count, "call %u of the origins runs function %u of %u", i,
                  call->function, c->bundle->function_count);
    INGOT_REQUIRE(c, ingot_is_string(c->view, call->name, call->name_bytes), "call %u of the origins has a name outside the strings",
                  i);
  }
  return INGOT_OK;
}

static ingot_status check_origin(const ingot_checker *c, uint32_t index, const ingot_origin *origin, uint32_t call_count) {
  const bool none = origin->name == INGOT_NONE;
  INGOT_REQUIRE(c, !none || (origin->call == INGOT_NONE && origin->name_bytes == 0), "origin %u is none and not empty", index);
  INGOT_REQUIRE(c, none || ingot_is_string(c->view, origin->name, origin->name_bytes), "origin %u has a name outside the strings",
                index);
  INGOT_REQUIRE(c, origin->call == INGOT_NONE || origin->call < call_count, "origin %u lies in call %u of %u", index, origin->call,
                call_count);
  return INGOT_OK;
}

static ingot_status check_function(ingot_bundle *bundle, uint32_t function, const ingot_block *block, const ingot_report *report) {
  const ingot_function_view *view = &bundle->functions[function];
  const ingot_checker checker = {report, bundle, view, INGOT_NONE, 0};
  const ingot_origins *header = (const ingot_origins *)(const void *)block->data;
  INGOT_REQUIRE(&checker, block->bytes >= sizeof *header, "its origins have %llu bytes, fewer than their header",
                (unsigned long long)block->bytes);
  const uint64_t calls = sizeof *header;
  const uint64_t origins = calls + (uint64_t)header->call_count * sizeof(ingot_origin_call);
  const uint64_t end = origins + (uint64_t)header->instruction_count * sizeof(ingot_origin);
  INGOT_REQUIRE(&checker, end == block->bytes, "its origins have %llu bytes, their counts ask for %llu",
                (unsigned long long)block->bytes, (unsigned long long)end);
  INGOT_REQUIRE(&checker, header->instruction_count == view->header->instruction_count,
                "it has origins of %u instructions, and %u instructions", header->instruction_count, view->header->instruction_count);
  ingot_status status = check_calls(&checker, (const ingot_origin_call *)(const void *)(block->data + calls), header->call_count);
  const ingot_origin *table = (const ingot_origin *)(const void *)(block->data + origins);
  for (uint32_t i = 0; i < header->instruction_count && status == INGOT_OK; i++)
    status = check_origin(&checker, i, &table[i], header->call_count);
  return status;
}

ingot_status ingot_check_origins(ingot_bundle *bundle, const ingot_report *report) {
  for (uint32_t i = 0; i < bundle->origins_count; i++) {
    ingot_block *block = &bundle->blocks[bundle->section_count - bundle->origins_count + i];
    const ingot_status status = check_function(bundle, i, block, report);
    if (status != INGOT_OK) return status;
    ingot_release(&bundle->allocator, block->memory, block->memory_bytes);
    *block = (ingot_block){NULL, 0, NULL, 0};
  }
  return INGOT_OK;
}
