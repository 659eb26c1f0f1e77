/* LOOP: repeats instructions. */
#include "../opcode.h"

/* How loops nest is checked, and walked, where instructions follow each other: check_loop.c and run.c. */
const ingot_facts ingot_loop_facts = {.results = 0, .required = 0, .most = 0};
