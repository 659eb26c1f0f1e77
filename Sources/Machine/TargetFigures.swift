/// A figure of a target file and what it may be.
struct TargetFigure {
  enum Range: Equatable {
    /// A number of bytes, axes or units, of which there is at least one.
    case count
    /// A whole number, or zero.
    case countOrZero
    /// Bytes that addresses are multiples of.
    case alignment
    /// A part of a whole.
    case share
    /// A part of a whole that is not nothing.
    case positiveShare
    /// A speed, which is never zero.
    case rate
    /// A time, in any unit.
    case time
  }

  /// The path of its key in the file.
  var field: String
  var quantity: Quantity
  var range: Range

  /// What is wrong with its value; nil when nothing is, or when nobody knows it. Within these bounds every count is
  /// an `Int`.
  var problem: String? {
    guard let value = quantity.value else { return nil }
    let isWhole = (0...0x1p53).contains(value) && value == value.rounded()
    let (isAllowed, expected) =
      switch range {
      case .count: (isWhole && value >= 1, "a whole number from 1 to 2^53")
      case .countOrZero: (isWhole, "a whole number from 0 to 2^53")
      case .alignment:
        (
          isWhole && (1...0x1p20).contains(value) && value.significand == 1,
          "a power of two up to 2^20, such as 64"
        )
      case .share: ((0...1).contains(value), "a number from 0 to 1")
      case .positiveShare: (value > 0 && value <= 1, "a number above 0, at most 1")
      case .rate: (value > 0 && value <= 1e9, "a number above 0, at most 10^9")
      case .time: ((0...1e9).contains(value), "a number from 0 to 10^9")
      }
    let found = isWhole ? "\(Int(value))" : "\(value)"
    return isAllowed ? nil : "'\(field)' is \(found), expected \(expected)"
  }
}

extension Target {
  /// All figures, in the order of the file's keys.
  var figures: [TargetFigure] {
    var list: [TargetFigure] = []
    for (index, engine) in engines.enumerated() { list += engine.figures("engines[\(index)]") }
    for (index, memory) in memories.enumerated() { list += memory.figures("memories[\(index)]") }
    for (index, layout) in (layouts ?? []).enumerated() { list += layout.figures("layouts[\(index)]") }
    list.add("limits.max_rank", limits.maxRank, .count)
    list.add("limits.max_extent", limits.maxExtent, .count)
    list.add("limits.max_model_bytes", limits.maxModelBytes, .count)
    list.add("limits.max_elements", limits.maxElements, .count)
    list.add("limits.max_address_bits", limits.maxAddressBits, .count)
    list.add("limits.max_segments", limits.maxSegments, .count)
    list += quantization?.figures("quantization") ?? []
    list.add("cascade.stripe_multiple", cascade?.stripeMultiple, .count)
    list.add("fallback.crossing_us", fallback.crossingUs, .time)
    list.add("fallback.crossing_gb_per_s", fallback.crossingGbPerS, .rate)
    if let cost {
      list.add("cost.ms_per_inference", cost.msPerInference, .time)
      list.add("cost.ms_per_unit", cost.msPerUnit, .time)
      list.add("cost.median_error", cost.medianError, .time)
      list.add("cost.rank_correlation", cost.rankCorrelation, .share)
      list.add("cost.interval_low", cost.intervalLow, .positiveShare)
      list.add("cost.interval_high", cost.intervalHigh, .rate)
    }
    return list
  }
}

extension [TargetFigure] {
  fileprivate mutating func add(_ field: String, _ quantity: Quantity?, _ range: TargetFigure.Range) {
    if let quantity { append(TargetFigure(field: field, quantity: quantity, range: range)) }
  }

  fileprivate mutating func add(_ field: String, _ table: [String: Quantity]?, _ range: TargetFigure.Range) {
    for (key, quantity) in (table ?? [:]).sorted(by: { $0.key < $1.key }) {
      add("\(field).\(key)", quantity, range)
    }
  }
}

extension Target.Engine {
  fileprivate func figures(_ place: String) -> [TargetFigure] {
    var list: [TargetFigure] = []
    list.add("\(place).count", count, .count)
    list.add("\(place).clock_mhz", clockMhz, .rate)
    list.add("\(place).macs_per_cycle", macsPerCycle, .rate)
    list.add("\(place).peak_gops", peakGops, .rate)
    list.add("\(place).elementwise_per_cycle", elementwisePerCycle, .rate)
    list.add("\(place).utilisation", utilisation, .share)
    list += blocks?.figures("\(place).blocks") ?? []
    list.add("\(place).launch_us", launchUs, .time)
    list.add("\(place).per_op_cycles", perOpCycles, .time)
    return list
  }
}

extension Target.Blocks {
  fileprivate func figures(_ place: String) -> [TargetFigure] {
    var list: [TargetFigure] = []
    list.add("\(place).micro_block_w", microBlockW, .count)
    list.add("\(place).micro_block_h", microBlockH, .count)
    list.add("\(place).micro_block_c", microBlockC, .count)
    list.add("\(place).block_max_w", blockMaxW, .count)
    list.add("\(place).block_max_h", blockMaxH, .count)
    list.add("\(place).block_max_c", blockMaxC, .count)
    list.add("\(place).sub_kernel_max", subKernelMax, .count)
    list.add("\(place).input_depth_i8", inputDepthI8, .count)
    list.add("\(place).input_depth_i16", inputDepthI16, .count)
    list.add("\(place).depthwise_kernel_step", depthwiseKernelStep, .count)
    list.add("\(place).output_cycles_per_element_min", outputCyclesPerElementMin, .rate)
    list.add("\(place).output_cycles_per_element_max", outputCyclesPerElementMax, .rate)
    list.add("\(place).table_cycles_per_element", tableCyclesPerElement, .time)
    list.add("\(place).clamp_cycles_per_element", clampCyclesPerElement, .time)
    list.add("\(place).elementwise_units", elementwiseUnits, .count)
    list.add("\(place).table_bytes", tableBytes, .count)
    list.add("\(place).table_slot_bytes", tableSlotBytes, .count)
    list.add("\(place).scale_bytes_per_channel", scaleBytesPerChannel, .count)
    list.add("\(place).block_elements", blockElements, .count)
    list.add("\(place).weights_per_cycle", weightsPerCycle, .count)
    list.add("\(place).result_cycles_per_element", resultCyclesPerElement, .time)
    list.add("\(place).add_cycles_per_element", addCyclesPerElement, .time)
    list.add("\(place).multiply_cycles_per_element", multiplyCyclesPerElement, .time)
    list.add("\(place).lookup_cycles_per_element", lookupCyclesPerElement, .time)
    list.add("\(place).fill_cycles", fillCycles, .time)
    list.add("\(place).fill_cycles_per_channel", fillCyclesPerChannel, .time)
    list.add("\(place).start_cycles", startCycles, .time)
    return list
  }
}

extension Target.Memory {
  fileprivate func figures(_ place: String) -> [TargetFigure] {
    var list: [TargetFigure] = []
    list.add("\(place).size_bytes", sizeBytes, .count)
    list.add("\(place).usable_fraction", usableFraction, .positiveShare)
    list.add("\(place).read_gb_per_s", readGbPerS, .rate)
    list.add("\(place).write_gb_per_s", writeGbPerS, .rate)
    list.add("\(place).bandwidth_fraction", bandwidthFraction, .positiveShare)
    list.add("\(place).read_latency_cycles", readLatencyCycles, .time)
    list.add("\(place).write_latency_cycles", writeLatencyCycles, .time)
    list.add("\(place).burst_bytes", burstBytes, .count)
    list.add("\(place).alignment_bytes", alignmentBytes, .alignment)
    list.add("\(place).banks", banks, .count)
    list.add("\(place).bank_granule_bytes", bankGranuleBytes, .count)
    return list
  }
}

extension Target.Layout {
  fileprivate func figures(_ place: String) -> [TargetFigure] {
    var list: [TargetFigure] = []
    list.add("\(place).round_up", roundUp, .count)
    list.add("\(place).alignment_bytes", alignmentBytes, .alignment)
    list.add("\(place).last_axis_bytes", lastAxisBytes, .count)
    list.add("\(place).block_bytes", blockBytes, .count)
    return list
  }
}

extension Target.Quantization {
  fileprivate func figures(_ place: String) -> [TargetFigure] {
    var list: [TargetFigure] = []
    list.add("\(place).rescale.multiplier_bits", rescale.multiplierBits, .count)
    list.add("\(place).rescale.multiplier_bits_i16", rescale.multiplierBitsI16, .count)
    list.add("\(place).rescale.shift_min", rescale.shiftMin, .countOrZero)
    list.add("\(place).rescale.shift_max", rescale.shiftMax, .countOrZero)
    for (index, output) in (fixedOutputs ?? []).enumerated() {
      list.add("\(place).fixed_outputs[\(index)].scale", output.scale, .rate)
    }
    list.add("\(place).weight_sum_max", weightSumMax, .count)
    return list
  }
}
