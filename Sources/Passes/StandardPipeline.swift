import IR

/// What computes quantized models on integers, before the standard pipeline.
package let integerPipeline: [PipelineStep] = [
  .repeat(
    8, [mergeDuplicates, foldConstants, moveQuantization, useIntegerArithmetic],
    "sums that a rule leaves move on to where the next one needs them")
]

/// What computes quantized models in fp32, as they say it, before the standard pipeline.
package let exactPipeline: [PipelineStep] = [
  .run(moveQuantization, "integers that are only moved need no arithmetic, while they can be seen"),
  .run(expandConstants, "constants that are dequantized are numbers to every fold"),
]

/// What every compile runs before planning for a target.
package let standardPipeline: [PipelineStep] = foldingPipeline + fusionPipeline

/// The first part: one form for each thing, and constants folded into weights. Quantization comes after it, as what is fused can't
/// be looked into.
package let foldingPipeline: [PipelineStep] = [
  .run(moveQuantization, "integers that are only moved need no arithmetic, while they can be seen"),
  .run(packTables, "rows are gathered from them now, and still dequantized"),
  .run(
    lowerQuantization, "quantizing is arithmetic, and small constants are numbers, to every fold"),
  .run(
    foldConstants,
    "importers leave shape arithmetic and reshaped parameters behind; nothing else sees through them"),
  .run(removeDeadCode, "what no output needs would count as a reader and keep patterns from matching"),
  .repeat(
    6,
    [
      removeNoOps, mergeReshapes, mergeConcats, removeBroadcasts, simplifyArithmetic, mergeDuplicates,
      foldConstants,
    ],
    "one form for each thing, so that recognition has one form to look for"),

  .run(recognizeSigmoids, "gates are made of them"),
  .run(recognizeGates, "x times a gate is one function"),
  .run(recognizeGELU, "as a whole it fuses into the op before it"),
  .run(recognizeSoftmax, "five passes over memory become two"),
  .run(recognizeNorms, "likewise; its products must not fold elsewhere first"),
  .run(recognizeGroupNorm, "frameworks write it as an instance normalization between reshapes"),
  .run(widenProbabilities, "every softmax is one op now, and its product still reads it"),
  .repeat(2, [absorbNormScale], "scale and bias follow the normalization as separate nodes"),

  .repeat(
    6,
    [pushTransposes, mergeTransposes, foldTransposesIntoMatMul, mergeReshapes, mergeConcats, removeNoOps],
    "models with channels last transpose around every convolution, and folding needs neighbors"),

  .run(shareTransposes, "once a scale has folded into one of two, they differ"),
  .run(foldPads, "a scale folds through padding that the convolution does"),
  .repeat(3, [foldBatchNorm, foldScaleOffset, mergeParallelLinear], "free at run time once in the weights"),
  .run(lowerBatchNorm, "what could not fold is arithmetic like any other"),
  .repeat(
    6,
    [
      moveScalePastMean, pushTransposes, mergeTransposes, foldTransposesIntoMatMul, mergeReshapes,
      mergeConcats, foldPads, foldScaleOffset, mergeParallelLinear, simplifyArithmetic, removeNoOps,
    ],
    "a normalization before pooling folds into the classifier behind it, and arithmetic moves and merges"),

  .repeat(3, [mergeDuplicates, removeNoOps], "folding and moving make equal nodes"),
]

/// The second part: ops that become one.
package let fusionPipeline: [PipelineStep] = [
  .run(useConvolutions, "what the target lacks and what it has is judged of ops, before they are fused"),
  .run(fuseActivation, "the op before writes its result once"),
  .run(foldTransposesIntoMatMul, "an activation may have stood between a product and its transpose"),
  .run(fuseElementwise, "last, because nothing looks inside the fused op"),
  .run(storeRows, "products have found out which way they read their weights"),
  .run(packConstants, "rows lie as they are read"),
  .run(mergeDuplicates, "whatever fusion has made equal, weights included"),
  .run(removeDeadCode, "weights that were folded away must not reach the bundle"),
]

/// What follows when a graph was quantized and computes on integers where it can, before ops are fused.
package let quantizedPipeline: [PipelineStep] = [
  .run(lowerQuantization, "what has no form in integers is arithmetic"),
  .run(foldConstants, "scales of what stays in floating point are numbers"),
  .repeat(3, [mergeDuplicates, removeNoOps], "integers that are the same need computing once"),
  .run(removeDeadCode, "the weights that were quantized are read no more"),
]

/// What follows when weights were quantized alone, before ops are fused.
package let quantizedWeightsPipeline: [PipelineStep] = [
  .run(moveQuantization, "of a table only the rows that are gathered become numbers"),
  .run(packTables, "rows are gathered from them now, and still dequantized"),
  .run(lowerQuantization, "what is dequantized at run time is arithmetic"),
  .repeat(3, [mergeDuplicates, removeNoOps], "two readers of a weight dequantize it alike"),
]

/// What no program can do without: ops that have no kernel are written as others.
package let loweringPipeline: [PipelineStep] = [
  .run(lowerBatchNorm, "it has no kernel"), .run(lowerQuantization, "they have no kernels"),
]

/// A pass that must run before another one, and why. Tests check the pipeline against these.
package struct OrderingConstraint: Sendable {
  package let first: Pass
  package let second: Pass
  package let reason: String
}

package let orderingConstraints: [OrderingConstraint] = [
  OrderingConstraint(
    first: moveQuantization, second: lowerQuantization, reason: "nothing sees the steps in arithmetic"),
  OrderingConstraint(
    first: lowerQuantization, second: foldConstants, reason: "what it writes of constants must be computed"),
  OrderingConstraint(
    first: foldConstants, second: removeBroadcasts,
    reason: "an expanded constant is a constant, not a broadcast"),
  OrderingConstraint(
    first: simplifyArithmetic, second: recognizeGELU, reason: "recognition knows affine and clip only"),
  OrderingConstraint(
    first: simplifyArithmetic, second: recognizeNorms, reason: "squares may be written as powers"),
  OrderingConstraint(
    first: mergeDuplicates, second: recognizeNorms, reason: "exporters compute x − mean twice"),
  OrderingConstraint(first: recognizeSigmoids, second: recognizeGates, reason: "gates are sigmoids"),
  OrderingConstraint(
    first: recognizeSoftmax, second: widenProbabilities, reason: "a softmax written out has no such form"),
  OrderingConstraint(
    first: recognizeNorms, second: recognizeGroupNorm, reason: "the inner normalization may be written out"),
  OrderingConstraint(
    first: recognizeNorms, second: absorbNormScale, reason: "there is nothing to absorb into before"),
  OrderingConstraint(
    first: absorbNormScale, second: foldScaleOffset,
    reason: "a norm's bias must not go into the matmul behind it alone"),
  OrderingConstraint(
    first: recognizeGates, second: foldScaleOffset,
    reason: "folding moves the scalings by which gates are recognized"),
  OrderingConstraint(
    first: pushTransposes, second: foldBatchNorm,
    reason: "a transpose between conv and normalization hides one from the other"),
  OrderingConstraint(
    first: shareTransposes, second: foldScaleOffset,
    reason: "a weight that something else reads too takes no scale"),
  OrderingConstraint(
    first: foldBatchNorm, second: lowerBatchNorm, reason: "lowering loses the exact statistics"),
  OrderingConstraint(first: lowerBatchNorm, second: moveScalePastMean, reason: "only products and sums move"),
  OrderingConstraint(
    first: foldScaleOffset, second: fuseActivation, reason: "a fused activation stands between them"),
  OrderingConstraint(
    first: fuseActivation, second: fuseElementwise, reason: "an activation fuses into conv for free"),
  OrderingConstraint(
    first: useConvolutions, second: fuseActivation, reason: "a convolution takes the activation in"),
  OrderingConstraint(
    first: fuseElementwise, second: removeDeadCode, reason: "the bundle gets exactly what is read"),
]
