/// A figure of a target file and what it may be.
struct TargetFigure {
  enum Range {
    /// A number of bytes or units.
    case count
    /// A number of axes or units, of which there is at least one.
    case atLeastOne
    /// Bytes that addresses are multiples of.
    case alignment
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
    let isWhole = (0...0x1p53).contains(value) && value == value.rounded()
    let (isAllowed, expected) =
      switch range {
      case .count: (isWhole, "a whole number from 0 to 2^53")
      case .atLeastOne: (isWhole && value >= 1, "a whole number from 1 to 2^53")
      case .alignment: (isWhole && value > 0 && value.significand == 1, "a power of two, such as 64")
      case .share: ((0...1).contains(value), "a number from 0 to 1")
      case .rate: (value.isFinite && value >= 0, "a number that is not negative")
      }
    let found = isWhole ? "\(Int(value))" : "\(value)"
    return isAllowed ? nil : "'\(field)' is \(found), expected \(expected)"
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
      add("\(place).count", engine.count, .atLeastOne)
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
      add("\(place).alignment_bytes", memory.alignmentBytes, .alignment)
    }
    add("limits.max_rank", limits.maxRank, .atLeastOne)
    add("limits.max_extent", limits.maxExtent, .atLeastOne)
    add("limits.max_model_bytes", limits.maxModelBytes, .atLeastOne)
    add("fallback.crossing_us", fallback.crossingUs, .rate)
    return list
  }
}
