import IR

/// Computes on the integers what stands between dequantizing and quantizing, and rescales by multiplier and shift.
///
///     %a = dequantize %q, @s, @z                   ->      %y = conv_integer %q, @w, @z, @wz, @multiplier, @shift, @yz
///     %b = dequantize @w, @ws, @wz {axis = 0}                   {rounding = half_even, min = 3}
///     %c = conv %a, %b
///     %d = relu %c
///     %y = quantize %d, @ys, @yz
///
/// A list of rules, one for each family of ops; each has its file. They round as the `quantize` does that they replace.
///
/// Results may differ from those in fp32 by one step of the scale. There a sum is multiplied in fp32 by the quotient of the
/// scales; here the factor has 31 bits. The two differ where a scaled sum lies within about 2^-23 of its size of a tie. An
/// exact fold would have to exclude that for every sum that can occur, and among 2^16 sums a few lie as close.
package let useIntegerArithmetic = Pass(
  "use-integer-arithmetic",
  "Computes on integers what stands between dequantizing and quantizing."
) {
  (context: inout PassContext) throws(Diagnostic) in
  for node in context.graph.order {
    for rule in integerRules where context.graph.contains(node) {
      if try rule(node, &context) { break }
    }
  }
}

/// Rewrites what a node is the last one of; tells whether it did.
typealias IntegerRule = @Sendable (NodeID, inout PassContext) throws(Diagnostic) -> Bool

private let integerRules: [IntegerRule] = [
  useIntegerProduct, foldIntegerBias, rescaleSums, rescaleIntegers, lookUpFunction, composeLookups,
  addIntegers, multiplyIntegers, averageIntegers, softmaxIntegers, resampleIntegers,
  normalizeIntegers,
]
