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
  if ((saved & 0xe6) == 0xe6 && (b & wide) == wide) {
    features |= KERNEL_FEATURE_AVX512;
    if ((c & bit_AVX512VNNI) != 0) features |= KERNEL_FEATURE_AVX512_VNNI;
  }
  if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1u << 4) != 0) features |= KERNEL_FEATURE_AVX_VNNI;
  return features;
}

#elif defined(__aarch64__)
#if defined(__APPLE__)
#include <sys/sysctl.h>

static bool has(const char *feature) {
  int value = 0;
  size_t bytes = sizeof value;
  return sysctlbyname(feature, &value, &bytes, NULL, 0) == 0 && value != 0;
}
#define HAS_DOTPROD has("hw.optional.arm.FEAT_DotProd")
#define HAS_I8MM has("hw.optional.arm.FEAT_I8MM")
#elif defined(__linux__)
#include <sys/auxv.h>

#define HAS_DOTPROD ((getauxval(AT_HWCAP) & 1u << 20) != 0) /* HWCAP_ASIMDDP */
#define HAS_I8MM ((getauxval(AT_HWCAP2) & 1u << 13) != 0)   /* HWCAP2_I8MM */
#else
#define HAS_DOTPROD false
#define HAS_I8MM false
#endif

uint32_t ingot_cpu_features(void) {
  uint32_t features = KERNEL_FEATURE_PORTABLE | KERNEL_FEATURE_NEON;
  if (HAS_DOTPROD) features |= KERNEL_FEATURE_DOTPROD | (HAS_I8MM ? KERNEL_FEATURE_I8MM : 0);
  return features;
}
#else
uint32_t ingot_cpu_features(void) { return KERNEL_FEATURE_PORTABLE; }
#endif
