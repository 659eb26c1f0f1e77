/// A figure of a target file and what it may be.
struct TargetFigure {
  enum Range {
    /// A number of bytes, axes or units.
    case count
    /// A part of a whole.
    case share
    /// A speed or a time.
    case rate
  }

  /// The path of its key in the file.
  var field: String
  var quantity: Quantity
  var range: Range

  /// What is wrong with its value; nil when nothing is, or when nobody knows it. Within these bounds every count is
  /// an `Int`.
  var problem: String? {
    guard let value = quantity.value else { return nil }
    let (isAllowed, expected) =
      switch range {
      case .count:
        ((0...0x1p53).contains(value) && value == value.rounded(), "a whole number from 0 to 2^53")
      case .share: ((0...1).contains(value), "a number from 0 to 1")
      case .rate: (value.isFinite && value >= 0, "a number that is not negative")
      }
    return isAllowed ? nil : "'\(field)' is \(value), expected \(expected)"
  }
}

extension Target {
  /// All figures, in the order of the file's keys.
  var figures: [TargetFigure] {
    var list: [TargetFigure] = []
    func add(_ field: String, _ quantity: Quantity?, _ range: TargetFigure.Range) {
      if let quantity { list.append(TargetFigure(field: field, quantity: quantity, range: range)) }
    }
    func add(_ field: String, _ table: [String: Quantity]?, _ range: TargetFigure.Range) {
      for (key, quantity) in (table ?? [:]).sorted(by: { $0.key < $1.key }) {
        add("\(field).\(key)", quantity, range)
      }
    }
    for (index, engine) in engines.enumerated() {
      let place = "engines[\(index)]"
      add("\(place).count", engine.count, .count)
      add("\(place).clock_mhz", engine.clockMhz, .rate)
      add("\(place).macs_per_cycle", engine.macsPerCycle, .rate)
      add("\(place).peak_gops", engine.peakGops, .rate)
      add("\(place).utilisation", engine.utilisation, .share)
      add("\(place).launch_us", engine.launchUs, .rate)
      add("\(place).per_op_cycles", engine.perOpCycles, .rate)
    }
    for (index, memory) in memories.enumerated() {
      let place = "memories[\(index)]"
      add("\(place).size_bytes", memory.sizeBytes, .count)
      add("\(place).usable_fraction", memory.usableFraction, .share)
      add("\(place).read_gb_per_s", memory.readGbPerS, .rate)
      add("\(place).alignment_bytes", memory.alignmentBytes, .count)
    }
    add("limits.max_rank", limits.maxRank, .count)
    add("limits.max_extent", limits.maxExtent, .count)
    add("limits.max_model_bytes", limits.maxModelBytes, .count)
    add("fallback.crossing_us", fallback.crossingUs, .rate)
    return list
  }

  /// What is wrong with a rule's bounds; nil when nothing is.
  var ruleProblem: String? {
    for (op, support) in ops.sorted(by: { $0.key < $1.key }) {
      for (index, rule) in (support.rules ?? []).enumerated() {
        guard let divisor = rule.multipleOf?.value, divisor < 1 else { continue }
        return "'ops.\(op).rules[\(index)].multiple_of' is \(divisor), expected a number from 1"
      }
    }
    return nil
  }
}
