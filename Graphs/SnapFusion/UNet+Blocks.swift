/// The blocks of a U-Net as a list, for those who count, time or follow them.
extension UNet {
  /// What belongs to one scope of parameter names: `down_blocks.{i}`, `mid_block`, `up_blocks.{i}`.
  package enum Part: Hashable, Sendable {
    case down(Int)
    case middle
    case up(Int)
  }

  package enum Block: Hashable, Sendable {
    case resNet
    case transformer
  }

  /// One block: the number `block` of its part, in the order of execution.
  package struct Place: Hashable, Sendable {
    package var part: Part
    package var block: Int

    package init(part: Part, block: Int) {
      self.part = part
      self.block = block
    }
  }

  /// In the order of execution.
  package var parts: [Part] { down.indices.map { .down($0) } + [.middle] + up.indices.map { .up($0) } }

  /// How often the grid of a part was halved.
  package func level(of part: Part) -> Int {
    switch part {
    case .down(let stage): stage
    case .middle: widths.count - 1
    case .up(let stage): widths.count - 1 - stage
    }
  }

  func positions(of part: Part) -> [Position] {
    switch part {
    case .down(let stage): down[stage]
    case .middle: middle
    case .up(let stage): up[stage]
    }
  }

  /// In the order of execution.
  package func blocks(of part: Part) -> [Block] {
    positions(of: part).flatMap { position in
      (position.hasResNet ? [Block.resNet] : [])
        + [Block](repeating: .transformer, count: position.transformers)
    }
  }
}
