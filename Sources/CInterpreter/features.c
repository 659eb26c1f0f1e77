/* What this CPU can run. */
#include "internal.h"

#if defined(__x86_64__)
#include <cpuid.h>

/* Registers that the operating system saves: bits of XCR0. */
static uint64_t saved_registers(void) {
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

uint32_t ingot_cpu_features(void) {
  uint32_t a, b, c, d, features = KERNEL_FEATURE_PORTABLE;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return features;
  const uint32_t needed = bit_FMA | bit_F16C | bit_OSXSAVE | bit_AVX;
  if ((c & needed) != needed) return features;
  const uint64_t saved = saved_registers();
  if ((saved & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) || (b & bit_AVX2) == 0) return features;
  features |= KERNEL_FEATURE_AVX2;
  const uint32_t wide = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
  if ((saved & 0xe6) == 0xe6 && (b & wide) == wide) features |= KERNEL_FEATURE_AVX512;
  return features;
}

#elif defined(__aarch64__)
uint32_t ingot_cpu_features(void) { return KERNEL_FEATURE_PORTABLE | KERNEL_FEATURE_NEON; }
#else
uint32_t ingot_cpu_features(void) { return KERNEL_FEATURE_PORTABLE; }
#endif
