extension Target {
  /// What kinds of op reach different shares of an engine's peak.
  package enum WorkKind: String, TargetWord {
    case conv
    case pointwise = "conv_1x1"
    case depthwise, matmul
  }

  package struct Engine: Codable, Sendable, Equatable {
    package enum Role: String, TargetWord { case matrix, vector, scalar }
    package var id: String
    package var role: Role
    package var count: Quantity?
    package var clockMhz: Quantity?
    /// Of one engine, all of its units together; keyed activation x weight, such as `i8xi8`.
    package var macsPerCycle: [String: Quantity]?
    /// 1e9 operations a second of all engines of this kind; a multiply-add is two. Keyed activation x weight.
    package var peakGops: [String: Quantity]?
    /// Elements of a result, keyed by their format.
    package var elementwisePerCycle: [String: Quantity]?
    /// Shares of the peak that are reached, keyed by ``WorkKind``.
    package var utilisation: [String: Quantity]?
    package var blocks: Blocks?
    package var launchUs: Quantity?
    package var perOpCycles: Quantity?
  }

  /// In what pieces an engine computes, in elements unless a key says otherwise.
  package struct Blocks: Codable, Sendable, Equatable {
    /// What is computed in one step of all multipliers.
    package var microBlockW: Quantity?
    package var microBlockH: Quantity?
    package var microBlockC: Quantity?
    /// Largest piece of a result that is computed at once.
    package var blockMaxW: Quantity?
    package var blockMaxH: Quantity?
    package var blockMaxC: Quantity?
    /// Larger kernels are run in pieces of this extent.
    package var subKernelMax: Quantity?
    /// Channels of the input that are read at once, by the width of their elements.
    package var inputDepthI8: Quantity?
    package var inputDepthI16: Quantity?
    /// Elements of a kernel that a depthwise convolution takes in one step.
    package var depthwiseKernelStep: Quantity?
    /// Cycles that one element of a result takes to leave: in the best case, and in the worst.
    package var outputCyclesPerElementMin: Quantity?
    package var outputCyclesPerElementMax: Quantity?
    /// The same for functions by table and for clamping ones, before elements are divided among units.
    package var tableCyclesPerElement: Quantity?
    package var clampCyclesPerElement: Quantity?
    /// Elements that are computed at once where no multipliers take part.
    package var elementwiseUnits: Quantity?
    package var tableBytes: Quantity?
    package var tableSlotBytes: Quantity?
    /// Bytes that travel with the weights of each output channel.
    package var scaleBytesPerChannel: Quantity?
    /// Results that are computed at once, all channels together.
    package var blockElements: Quantity?
    /// Weights that are unpacked in a cycle.
    package var weightsPerCycle: Quantity?
    /// Cycles in which a result of multipliers leaves, and one of a sum of two values, of their product, or of a table.
    package var resultCyclesPerElement: Quantity?
    package var addCyclesPerElement: Quantity?
    package var multiplyCyclesPerElement: Quantity?
    package var lookupCyclesPerElement: Quantity?
    /// Cycles before the first result of a product is there, at most as many as the product takes, and more of them for
    /// each channel that is read; and those before the first of a depthwise convolution or pooling.
    package var fillCycles: Quantity?
    package var fillCyclesPerChannel: Quantity?
    package var startCycles: Quantity?
  }

  /// How kernels read weights of products: rows on the left of a matrix product, and outputs of a convolution, lie
  /// together, as do columns on the right.
  package struct Panels: Codable, Sendable, Equatable {
    package var rows: Whole
    package var columns: Whole
    /// Of a product with fewer rows the right side stays row-major.
    package var leastRows: Whole
    /// Rows on the right of a product of integers whose elements of one column lie together, as many as one instruction
    /// multiplies.
    package var groups: Whole
    package var source: String
    package var trust: Quantity.Trust

    package init(
      rows: Whole, columns: Whole, leastRows: Whole, groups: Whole, source: String, trust: Quantity.Trust
    ) {
      self.rows = rows
      self.columns = columns
      self.leastRows = leastRows
      self.groups = groups
      self.source = source
      self.trust = trust
    }
  }
}
