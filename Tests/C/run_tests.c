/* All unit tests of the C side. */
#include "check.h"

int main(void) {
  test_sha256();
  test_halves();
  test_functions();
  test_panels();
  test_stored();
  test_layouts();
  test_opcodes();
  test_indexing();
  test_rescale();
  test_integers();
  test_quantized();
  test_recurrent();
  test_windows();
  test_regions();
  test_rows();
  test_file();
  test_validator();
  test_loops();
  test_session();
  test_host();
  test_sizes();
  test_memories();
  test_paths();
  test_origins();
  test_planner();
  return check_summary();
}
